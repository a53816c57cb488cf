//! The allocator of the static binaries: musl's own has one lock for all threads.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
