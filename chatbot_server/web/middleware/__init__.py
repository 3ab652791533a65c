"""What every route relies on: addresses, origins, limits, request bodies, errors, logs."""
