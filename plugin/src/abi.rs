//! The exports of the WASM module: `abi_version`, `alloc`, `render`, beside `memory`.
//!
//! The only place with `unsafe`: exported names and raw pointers are what the boundary is made of.
//! The host calls `alloc(length)`, writes a frame (see [`crate::protocol`]) there, calls
//! `render(pointer, length)` and finds the answer's frame at the address in the upper and with the
//! length in the lower 32 bits of the result. An instance serves one request.

#![allow(unsafe_code)]

use crate::protocol::ABI_VERSION;

/// The version of the protocol this module speaks.
#[unsafe(no_mangle)]
pub extern "C" fn abi_version() -> u32 {
    ABI_VERSION
}

/// Room for `length` bytes. It stays the host's until it is handed to [`render`].
#[unsafe(no_mangle)]
pub extern "C" fn alloc(length: u32) -> *mut u8 {
    Box::leak(vec![0; length as usize].into_boxed_slice()).as_mut_ptr()
}

/// Answers the request at `pointer`.
///
/// # Safety
///
/// `pointer` and `length` must be those of one [`alloc`], not handed in before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn render(pointer: *mut u8, length: u32) -> u64 {
    // SAFETY: the caller vouches that this is the slice `alloc` leaked, and gives it up.
    let request = unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(pointer, length as usize)) };
    let answer: &[u8] = Box::leak(crate::render::answer_frame(&request).into_boxed_slice());
    (answer.as_ptr() as u64) << 32 | answer.len() as u64
}
