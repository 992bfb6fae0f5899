"""The stages that do something: look at a service, save what was seen, carry a plan out."""
