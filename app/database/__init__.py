"""The database: two doors for every transaction, and what stands behind them."""
