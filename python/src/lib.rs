//! The Python face of kaframe.
