"""Training of LoRAs: small changes of a diffusion model, learned from a dataset of structures."""
