"""Where facts live: sources, mappings, intake, the engine and the workspace."""
