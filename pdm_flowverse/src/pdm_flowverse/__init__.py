"""The PDM host. Empty on purpose: PDM loads `plugin`, and a build environment, which has no PDM, loads `build`."""
