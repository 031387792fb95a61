//! One kept result: a stream with its warnings, or what Helm refused with.

use crate::render::{HelmMessage, RenderError, RenderRequest, RenderedStream};

const IS_STREAM: u8 = 1;
const IS_CONFIRMED: u8 = 2;

/// A result. Whether a second rendering gave the same is no part of what it is.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    is_stream: bool,
    pub(super) is_confirmed: bool,
    stream: Vec<u8>,
    /// Warnings, one a line; of a refusal, its message.
    said: String,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.is_stream, &self.stream, &self.said) == (other.is_stream, &other.stream, &other.said)
    }
}

impl Entry {
    /// The result as an entry; `None` for what depends on more than the request.
    pub(super) fn of(result: &Result<RenderedStream, RenderError>) -> Option<Self> {
        match result {
            Ok(rendered) => Some(Self {
                is_stream: true,
                is_confirmed: false,
                stream: rendered.stream.clone(),
                said: rendered.warnings.join("\n"),
            }),
            // A message that cannot be read back as it is, or that names the place of the chart, stays out.
            Err(RenderError::Helm { message, chart, .. })
                if HelmMessage::parse(&message.text) == *message
                    && !chart
                        .canonicalize()
                        .is_ok_and(|path| message.text.contains(&*path.to_string_lossy())) =>
            {
                let said = message.text.clone();
                Some(Self { is_stream: false, is_confirmed: false, stream: Vec::new(), said })
            }
            Err(_) => None,
        }
    }

    /// The same, which a second rendering gave as well.
    pub(super) fn confirmed(self) -> Self {
        Self { is_confirmed: true, ..self }
    }

    pub(super) fn into_result(self, request: &RenderRequest) -> Result<RenderedStream, RenderError> {
        if self.is_stream {
            let warnings = self.said.lines().map(str::to_owned).collect();
            return Ok(RenderedStream { stream: self.stream, warnings });
        }
        let message = HelmMessage::parse(&self.said);
        Err(RenderError::Helm { helm: request.helm, chart: request.chart.clone(), message })
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes =
            vec![u8::from(self.is_stream) * IS_STREAM + u8::from(self.is_confirmed) * IS_CONFIRMED];
        bytes.extend((self.stream.len() as u64).to_le_bytes());
        bytes.extend(&self.stream);
        bytes.extend(self.said.as_bytes());
        bytes
    }

    /// Reads an entry; `None` when it is none.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (flags, bytes) = bytes.split_first()?;
        let (length, bytes) = bytes.split_first_chunk()?;
        let (stream, said) = bytes.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        Some(Self {
            is_stream: flags & IS_STREAM != 0,
            is_confirmed: flags & IS_CONFIRMED != 0,
            stream: stream.to_vec(),
            said: String::from_utf8(said.to_vec()).ok()?,
        })
    }
}
