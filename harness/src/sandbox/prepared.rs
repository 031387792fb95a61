//! What an instance knows once it has read policies: its memory then, put into the instances after it.
//!
//! Reading and compiling the policies takes a third of what judging a few dozen objects takes, and
//! gives the same each time. The stream and its secrets come after it, so none of them is ever in here.

use gift_plugin::protocol::{Request, Source};
use wasmtime::{AsContextMut, Memory};

/// Memory is kept in pieces of this size, those that differ from a fresh instance's.
const PIECE: usize = 4096;

/// `[size of the memory: u64][pieces: u64][number of each piece: u64 …][content of each piece …]`, little
/// endian: what is read from a file is used as it is.
pub(super) struct Prepared {
    bytes: Vec<u8>,
}

/// What tells the policies and parameters of a request from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct PolicyDigest(blake3::Hash);

impl PolicyDigest {
    pub(super) fn of(request: &Request) -> Self {
        let mut hasher = blake3::Hasher::new();
        for sources in [&request.policies, &request.params] {
            hasher.update(&(sources.len() as u64).to_le_bytes());
            for Source { name, text } in sources {
                for part in [name, text] {
                    hasher.update(&(part.len() as u64).to_le_bytes());
                    hasher.update(part.as_bytes());
                }
            }
        }
        Self(hasher.finalize())
    }

    pub(super) fn to_hex(self) -> String {
        self.0.to_hex()[..32].to_owned()
    }
}

impl Prepared {
    /// What makes of the memory of a fresh instance that of one which has read policies.
    pub(super) fn between(fresh: &[u8], now: &[u8]) -> Self {
        let before = fresh.chunks(PIECE).map(Some).chain(std::iter::repeat(None));
        let differs = |piece: &[u8], before: Option<&[u8]>| match before {
            Some(before) => piece != before,
            None => piece.iter().any(|byte| *byte != 0),
        };
        let pieces: Vec<(usize, &[u8])> = now
            .chunks(PIECE)
            .zip(before)
            .enumerate()
            .filter(|(_, (piece, before))| differs(piece, *before))
            .map(|(number, (piece, _))| (number, piece))
            .collect();
        let mut bytes = Vec::with_capacity((2 + pieces.len()) * 8 + pieces.len() * PIECE);
        bytes.extend((now.len() as u64).to_le_bytes());
        bytes.extend((pieces.len() as u64).to_le_bytes());
        bytes.extend(pieces.iter().flat_map(|(number, _)| (*number as u64).to_le_bytes()));
        bytes.extend(pieces.iter().flat_map(|(_, piece)| *piece));
        Self { bytes }
    }

    /// What [`Prepared::bytes`] gave; `None` for anything else.
    pub(super) fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        let prepared = Self { bytes };
        let size = prepared.size()?;
        let fits = prepared.pieces()?.all(|(at, piece)| at.saturating_add(piece.len()) <= size);
        fits.then_some(prepared)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Gives a fresh instance the memory.
    ///
    /// # Errors
    ///
    /// [`wasmtime::Error`] when it may not have as much.
    pub(super) fn restore(&self, memory: &Memory, mut store: impl AsContextMut) -> wasmtime::Result<()> {
        let size = self.size().unwrap_or_default();
        let missing = size.saturating_sub(memory.data_size(&store)) as u64;
        let pages = missing.div_ceil(memory.page_size(&store));
        memory.grow(&mut store, pages)?;
        let data = memory.data_mut(&mut store);
        for (at, piece) in self.pieces().into_iter().flatten() {
            data[at..at + piece.len()].copy_from_slice(piece);
        }
        Ok(())
    }

    fn size(&self) -> Option<usize> {
        self.number(0)
    }

    fn number(&self, at: usize) -> Option<usize> {
        let bytes = self.bytes.get(at * 8..at * 8 + 8)?;
        usize::try_from(u64::from_le_bytes(bytes.try_into().ok()?)).ok()
    }

    /// The byte each piece begins at, and the piece; `None` when the lengths do not fit.
    fn pieces(&self) -> Option<impl Iterator<Item = (usize, &[u8])>> {
        let count = self.number(1)?;
        let content = self.bytes.get(count.checked_add(2)?.checked_mul(8)?..)?;
        let at = move |piece: usize| self.number(2 + piece).unwrap_or_default().saturating_mul(PIECE);
        let pieces = content.chunks_exact(PIECE).enumerate().map(move |(number, piece)| (at(number), piece));
        (content.len() == count.checked_mul(PIECE)?).then_some(pieces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_prepared_memory_is_not_taken_for_one() {
        let mut now = vec![0; 4 * PIECE];
        now[2 * PIECE + 7] = 1;
        now[PIECE] = 2;
        let fresh = [&[0; PIECE][..], &[2; 1], &[0; PIECE - 1]].concat();
        let bytes = Prepared::between(&fresh, &now).bytes;
        assert_eq!(bytes.len(), 3 * 8 + PIECE, "one piece differs");
        assert!(Prepared::from_bytes(bytes.clone()).is_some());
        for length in [0, 8, 16, 24, bytes.len() - 1] {
            assert!(Prepared::from_bytes(bytes[..length].to_vec()).is_none(), "{length}");
        }
        for place in [0, 8, 16] {
            let mut other = bytes.clone();
            other[place..place + 8].copy_from_slice(&4u64.to_le_bytes());
            assert!(Prepared::from_bytes(other).is_none(), "{place}");
        }
    }
}
