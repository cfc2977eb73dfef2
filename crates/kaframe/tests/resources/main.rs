//! What reading takes of the machine: memory, connections, threads. These tests measure the whole process, so one at a time.

mod cancelled;
mod delay;
mod far;
mod memory;
mod support;
