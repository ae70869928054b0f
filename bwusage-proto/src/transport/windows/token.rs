//! Who is at the other end of a pipe, read from the client's access token.
//!
//! The client is impersonated for as long as it takes to open its token, and never across an `await`: the token is then read
//! under the daemon's own identity.

use std::{
    io,
    os::windows::io::{AsHandle, AsRawHandle as _, FromRawHandle as _, OwnedHandle},
    ptr,
};

use widestring::U16CStr;
use windows_sys::{
    Win32::{
        Foundation::{HANDLE, LocalFree},
        Security::{
            Authorization::ConvertSidToStringSidW, CheckTokenMembership, CreateWellKnownSid,
            GetTokenInformation, PSID, RevertToSelf, TOKEN_QUERY, TOKEN_USER, TokenUser,
            WinBuiltinAdministratorsSid,
        },
        System::{
            Pipes::ImpersonateNamedPipeClient,
            Threading::{GetCurrentThread, OpenThreadToken},
        },
    },
    core::BOOL,
};

use crate::{process::UserId, transport::Peer};

/// The client of the pipe `server_end`. Windows only tells after something was read from the pipe.
pub(super) fn of_client(server_end: &impl AsHandle) -> io::Result<Peer> {
    let token = {
        let _as_client = Impersonation::begin(server_end)?;
        token_of_thread()?
    };
    Ok(Peer { user: UserId::Sid(user(&token)?), superuser: is_administrator(&token)?, groups: Vec::new() })
}

/// While it lives, this thread acts as the pipe's client.
struct Impersonation;

impl Impersonation {
    fn begin(server_end: &impl AsHandle) -> io::Result<Self> {
        // SAFETY: the handle is borrowed, so it is open for the length of the call.
        done(unsafe { ImpersonateNamedPipeClient(server_end.as_handle().as_raw_handle()) })?;
        Ok(Self)
    }
}

impl Drop for Impersonation {
    fn drop(&mut self) {
        // SAFETY: no arguments; it only changes this thread's token.
        if unsafe { RevertToSelf() } == 0 {
            // To go on would be to serve everyone under this client's identity.
            std::process::abort();
        }
    }
}

fn token_of_thread() -> io::Result<OwnedHandle> {
    const AS_SELF: BOOL = 1;
    let mut token: HANDLE = ptr::null_mut();
    // SAFETY: the pseudo-handle of this thread is always valid, and `token` is writable.
    done(unsafe { OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, AS_SELF, &raw mut token) })?;
    // SAFETY: the call succeeded, so `token` is an open handle that nobody else owns.
    Ok(unsafe { OwnedHandle::from_raw_handle(token) })
}

/// The user's security identifier in its text form, `S-1-5-…`.
fn user(token: &OwnedHandle) -> io::Result<String> {
    // A TOKEN_USER with the longest identifier there is (68 bytes) behind it; u64 for its alignment.
    let mut answer = [0_u64; 16];
    let mut needed = 0;
    // SAFETY: `answer` is writable for the length given.
    done(unsafe {
        GetTokenInformation(
            token.as_raw_handle(),
            TokenUser,
            answer.as_mut_ptr().cast(),
            size_of_val(&answer) as u32,
            &raw mut needed,
        )
    })?;
    // SAFETY: the call succeeded, so `answer` starts with a TOKEN_USER, and it is aligned for one.
    let user = unsafe { &*answer.as_ptr().cast::<TOKEN_USER>() };
    // SAFETY: the identifier lies in `answer`, which is still borrowed.
    unsafe { text_of(user.User.Sid) }
}

/// # Safety
///
/// `sid` must point to a security identifier.
unsafe fn text_of(sid: PSID) -> io::Result<String> {
    let mut text = ptr::null_mut();
    // SAFETY: the caller's promise, and `text` is writable.
    done(unsafe { ConvertSidToStringSidW(sid, &raw mut text) })?;
    // SAFETY: the call succeeded, so `text` is a string that ends in NUL.
    let owned = unsafe { U16CStr::from_ptr_str(text) }.to_string_lossy();
    // SAFETY: the system allocated `text` with LocalAlloc for us, and this is its last use.
    unsafe { LocalFree(text.cast()) };
    Ok(owned)
}

/// Whether the token's rights are an administrator's *now*: those of an administrator who has not elevated are not.
fn is_administrator(token: &OwnedHandle) -> io::Result<bool> {
    // The longest identifier there is; u32 for its alignment.
    let mut administrators = [0_u32; 17];
    let mut len = size_of_val(&administrators) as u32;
    let sid: PSID = administrators.as_mut_ptr().cast();
    // SAFETY: `sid` is writable for `len` bytes.
    done(unsafe { CreateWellKnownSid(WinBuiltinAdministratorsSid, ptr::null_mut(), sid, &raw mut len) })?;
    let mut is_member = 0;
    // SAFETY: the token is open and an impersonation token, `sid` is the identifier just made, `is_member` is writable.
    done(unsafe { CheckTokenMembership(token.as_raw_handle(), sid, &raw mut is_member) })?;
    Ok(is_member != 0)
}

fn done(outcome: BOOL) -> io::Result<()> {
    if outcome == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
