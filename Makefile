# glyphgrad: everything happens in .venv; only Python 3.11 or newer, git and make are needed.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

.PHONY: demo test check format bench bench-color bench-film bench-serve bench-structure train-tiny gallery clean

demo: $(READY)
	mkdir -p out
	$(BIN)/glyphgrad fit examples/astronaut.jpg --preset terminal --show \
		-o out/astronaut.png -o out/astronaut.txt -o out/astronaut.utf8

test: $(READY)
	$(BIN)/python -m pytest

check: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(READY)
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE $(BIN)/python benchmarks/bench.py

bench-color: $(READY)
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE $(BIN)/python benchmarks/color.py

bench-film: $(READY)
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE $(BIN)/python benchmarks/film.py

bench-serve: $(READY)
	$(BIN)/python benchmarks/serve.py

bench-structure: $(READY)
	$(BIN)/python benchmarks/structure.py
	$(BIN)/python benchmarks/imagine.py

train-tiny: export MALLOC_MMAP_THRESHOLD_ = 2000000000
train-tiny: export MALLOC_TRIM_THRESHOLD_ = 4000000000
train-tiny: $(READY)  # with glibc keeping the memory of one step for the next, a step takes an eighth less time
	$(BIN)/python examples/train_tiny.py --install

gallery: $(READY)
	$(BIN)/python examples/gallery.py

clean:
	rm -rf .venv out

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "glyphgrad needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	@echo "setting up .venv: PyTorch is large, the first time takes a while (README, Installing)"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[dev,bench,lora]'
	touch $@
