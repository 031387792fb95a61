//! The exports of the WASM module: `abi_version`, `alloc`, `prepare`, `render`, beside `memory`.
//!
//! The only place with `unsafe`: exported names and raw pointers are what the boundary is made of.
//! The host calls `alloc(length)`, writes a frame (see [`crate::protocol`]) there, calls
//! `render(pointer, length)` and finds the answer's frame at the address in the upper and with the
//! length in the lower 32 bits of the result. `prepare` is called the same way, at most once and before.
//! An instance serves one request.

#![allow(unsafe_code)]

use crate::policy::PolicySet;
use crate::protocol::ABI_VERSION;
use std::cell::OnceCell;

thread_local! {
    static PREPARED: OnceCell<PolicySet> = const { OnceCell::new() };
}

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

/// Keeps what it reads in the policies of the request at `pointer`, for [`render`].
///
/// # Safety
///
/// `pointer` and `length` must be those of one [`alloc`], not handed in before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn prepare(pointer: *mut u8, length: u32) -> u64 {
    // SAFETY: the caller vouches for it.
    let request = unsafe { given(pointer, length) };
    let (policies, answer) = crate::render::prepare_frame(&request);
    if let Some(policies) = policies {
        // A second set is one too many, and not kept.
        PREPARED.with(|prepared| drop(prepared.set(policies)));
    }
    handed_out(answer)
}

/// Answers the request at `pointer`.
///
/// # Safety
///
/// `pointer` and `length` must be those of one [`alloc`], not handed in before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn render(pointer: *mut u8, length: u32) -> u64 {
    // SAFETY: the caller vouches for it.
    let request = unsafe { given(pointer, length) };
    handed_out(PREPARED.with(|prepared| crate::render::answer_frame(&request, prepared.get())))
}

/// # Safety
///
/// `pointer` and `length` must be those of one [`alloc`], not handed in before.
unsafe fn given(pointer: *mut u8, length: u32) -> Box<[u8]> {
    // SAFETY: this is the slice `alloc` leaked, and the caller gives it up.
    unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(pointer, length as usize)) }
}

fn handed_out(answer: Vec<u8>) -> u64 {
    let answer: &[u8] = Box::leak(answer.into_boxed_slice());
    (answer.as_ptr() as u64) << 32 | answer.len() as u64
}
