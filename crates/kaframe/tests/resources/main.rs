//! What reading takes of the machine: memory, connections, threads. These tests measure a whole process, so each has one of its own.

mod cancelled;
mod delay;
mod far;
mod memory;
mod support;
