"""What things are: frozen dataclasses and protocols that need nothing but the standard library.

Every other layer speaks in these words. Nothing here reads AWS, decides, prints or asks.
"""
