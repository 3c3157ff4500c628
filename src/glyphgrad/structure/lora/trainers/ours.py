"""glyphgrad's own trainer: a TOML file for `glyphgrad structure train`."""

from __future__ import annotations

from glyphgrad.structure.lora.config import as_toml
from glyphgrad.structure.lora.trainers.job import Job, Trainer, command, script


def files(job: Job) -> dict[str, str]:
    options: dict[str, object] = {
        "config": job.out / "lora.toml", "dataset": job.dataset, "out": job.out / "output", "validate-every": 250,
        "kohya": True,
    }  # fmt: skip
    return {"lora.toml": as_toml(job.config), "train.sh": script(command(["glyphgrad structure train"], options))}


def _needs(_: Job) -> str:
    return (
        "- `pip install 'glyphgrad[lora]'`\n"
        "- memory: it is estimated and told before anything is loaded, and the base is put into 8 bits or NF4 where it "
        "would not fit\n"
        "- `hf auth login`, with the licence of the base accepted, unless the base is glyphgrad-tiny\n"
        "- for several cards `torchrun --nproc-per-node N -m glyphgrad structure train --processes N ...`"
    )


TRAINER = Trainer(
    "glyphgrad", files, "train.sh", adds_trigger=True, needs=_needs,
    result=lambda _: "output/pytorch_lora_weights.safetensors",
)  # fmt: skip
