"""Where credentials and addresses live: Prefect blocks that build components and clients."""
