"""Whole layers as files, written in constant memory whatever their size."""
