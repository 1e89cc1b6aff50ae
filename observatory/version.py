"""The version that every run record carries."""

VERSION = "0.1.0"
