"""Flow modules of the Hugging Face Hub in Hatch and hatchling projects."""
