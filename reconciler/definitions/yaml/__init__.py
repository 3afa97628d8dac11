"""YAML 1.2's core schema, read strictly: values with their places, and every problem at its place."""
