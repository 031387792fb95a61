//! Frames: two lengths of four bytes, little endian, a JSON document of the first length and bytes of the
//! second. The other end is `worker/session/frame.go`.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The number of the protocol; another number means another protocol.
pub(super) const PROTOCOL: u32 = 2;

/// What bounds the memory a broken worker can make this process take.
const LARGEST_FRAME: u64 = 1 << 30;

/// One `helm template`; the frame's bytes are values in place.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request<'r> {
    pub(super) id: u64,
    pub(super) chart: &'r Path,
    pub(super) release: &'r str,
    pub(super) namespace: &'r str,
    pub(super) values_files: &'r [PathBuf],
    pub(super) values: bool,
    pub(super) set: Vec<String>,
    pub(super) set_string: Vec<String>,
    pub(super) set_json: Vec<String>,
    pub(super) kube_version: &'r str,
    /// Versions of Kubernetes the same is going to be asked for.
    pub(super) other_kube_versions: &'r [String],
    pub(super) api_versions: &'r [String],
    pub(super) include_crds: bool,
    pub(super) skip_tests: bool,
}

/// Nobody waits for the answer to a request any more.
#[derive(Debug, Serialize)]
pub(super) struct Cancel {
    pub(super) cancel: u64,
}

/// The first frame of a worker.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Greeting {
    pub(super) protocol: u32,
    pub(super) helm: String,
    pub(super) at_once: usize,
}

/// What became of a request; the frame's bytes are standard output, and then standard error.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    pub(super) id: u64,
    pub(super) failed: bool,
    pub(super) output: usize,
    #[serde(default)]
    pub(super) declined: String,
    /// Those of the other versions for which the answer is the same.
    #[serde(default)]
    pub(super) also_for: Vec<String>,
}

pub(super) fn write(to: &mut impl Write, header: &impl Serialize, body: &[u8]) -> io::Result<()> {
    let document = serde_json::to_vec(header)?;
    let length = |text: &[u8]| u32::try_from(text.len()).map_err(io::Error::other);
    let mut frame = Vec::with_capacity(8 + document.len() + body.len());
    frame.extend(length(&document)?.to_le_bytes());
    frame.extend(length(body)?.to_le_bytes());
    frame.extend(document);
    frame.extend(body);
    to.write_all(&frame)?;
    to.flush()
}

pub(super) fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<(T, Vec<u8>)> {
    let mut length = || -> io::Result<u64> {
        let mut bytes = [0; 4];
        from.read_exact(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes).into())
    };
    let (document, body) = (length()?, length()?);
    if document + body > LARGEST_FRAME {
        return Err(io::Error::other("a frame that is too large"));
    }
    let header = serde_json::from_slice(&exactly(from, document)?)?;
    Ok((header, exactly(from, body)?))
}

fn exactly(from: &mut impl Read, length: u64) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    if from.take(length).read_to_end(&mut text)? as u64 == length {
        Ok(text)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}
