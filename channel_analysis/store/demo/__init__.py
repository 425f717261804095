"""A small invented maker of household appliances, written as files of the contract."""

from .write import write_demo

__all__ = ["write_demo"]
