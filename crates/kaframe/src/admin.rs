//! Topics: list, create, describe, delete.
