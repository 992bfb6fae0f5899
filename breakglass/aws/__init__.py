"""The only layer that talks to AWS: sessions and clients, identity, Reader, Writer, errors translated."""
