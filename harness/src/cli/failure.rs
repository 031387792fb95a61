//! Why a verb could not do its work, told as one paragraph with its causes and the way out.

use super::delivery;
use super::output::{ColorWhen, Terminal};
use anstyle::{AnsiColor, Style};
use gift_harness::diagnosis::{Category, Diagnose};
use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;

/// Any error on its way to the user.
#[derive(Debug)]
pub(crate) struct Failure {
    error: Box<dyn Error>,
    category: Category,
    help: Option<String>,
}

impl<E: Diagnose + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { category: error.category(), help: error.help(), error: Box::new(error) }
    }
}

impl Failure {
    /// What could not be written to stdout.
    pub(crate) fn output(error: io::Error) -> Self {
        CommandError::Output(error).into()
    }

    /// Whether the reader of our output went away, which is no failure.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(
            self.error.downcast_ref(),
            Some(CommandError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe
        )
    }

    pub(crate) fn category(&self) -> Category {
        self.category
    }

    /// The paragraph, without colours.
    pub(crate) fn paragraph(&self) -> String {
        let mut text = Vec::new();
        // Writing to memory does not fail.
        let _ = self.write(&mut text, false);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Writes `error: …: cause: cause` and `help: …`.
    pub(crate) fn write(&self, out: &mut impl Write, color: bool) -> io::Result<()> {
        let when = |style: Style| if color { style } else { Style::new() };
        let (red, strong) = (when(AnsiColor::Red.on_default().bold()), when(Style::new().bold()));
        let mut told = self.error.to_string();
        let mut source = self.error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            // Some errors already quote their cause.
            if !told.contains(&cause_text) {
                told.push_str(": ");
                told.push_str(&cause_text);
            }
            source = cause.source();
        }
        writeln!(out, "{red}error:{red:#} {told}")?;
        if let Some(help) = &self.help {
            writeln!(out, "{strong}help:{strong:#} {help}")?;
        }
        Ok(())
    }

    /// Writes the paragraph to stderr.
    pub(crate) fn tell(&self, terminal: &mut Terminal) {
        let color = terminal.error_appearance().color;
        // There is nobody left to tell when stderr is closed.
        let _ = self.write(terminal.errors(), color);
    }
}

/// Writes the paragraph about a panic to stderr.
pub(crate) fn tell_fault(place: &str, version: &str) {
    let paragraph = format!(
        "error: gift {version} met a fault of its own at {place}; nothing was printed that can be relied on\n\
         help: please report this place and what you ran, without any secret values\n"
    );
    let _ = io::stderr().write_all(paragraph.as_bytes());
    delivery::tell_behind_helm(true, ColorWhen::Never, |out, _| out.write_all(paragraph.as_bytes()));
}

/// Failures of the command line itself.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error("cannot write the output")]
    Output(#[source] io::Error),
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{name} has 0 bytes, so there is nothing to judge")]
    Empty { name: String },
    #[error("{name} has more than {limit} bytes, the most that is read")]
    TooLarge { name: String, limit: usize },
    #[error("{name} is a terminal, and a manifest stream is expected there")]
    Interactive { name: String },
    #[error("--set {setting} has no `=`")]
    Setting { setting: String },
    #[error("{reason}")]
    NoWorker { reason: String },
    #[error("there is no rule `{rule}`")]
    NoSuchRule { rule: String, known: Vec<String> },
    #[error("the matrix has no cell of `{environment}` that is to succeed")]
    NoSuchEnvironment { environment: String, known: Vec<String> },
    #[error("there is no report of an earlier run at {}", path.display())]
    NoReport { path: PathBuf },
    #[error("the report at {} cannot be read", path.display())]
    BadReport { path: PathBuf, source: serde_json::Error },
    #[error("--tag goes with one environment, --list with one, and without them there are two")]
    Promotion,
    #[error("{} has changes that are in no commit", names(files))]
    Uncommitted { files: Vec<PathBuf> },
    #[error("no system is named")]
    NoSystem,
    #[error("no container runs on the embedded control plane `{name}`: nothing answers behind a port")]
    NoContainers { name: String },
    #[error("there is no place to keep the last report: neither XDG_STATE_HOME nor HOME is set")]
    NoStateDirectory,
}

fn names(files: &[PathBuf]) -> String {
    files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
}

impl Diagnose for CommandError {
    fn category(&self) -> Category {
        Category::Input
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Output(_) | Self::Write { .. } => "check that the disk has room and that you may write there".into(),
            Self::Read { .. } => "check the name; `-` reads standard input".into(),
            Self::Empty { .. } => {
                "give the output of `helm template`; if that is empty, look whether `helm template` itself failed".into()
            }
            Self::TooLarge { .. } => {
                "judge the releases one by one, split the stream at its `---` lines, or allow more with --max-input"
                    .into()
            }
            Self::Interactive { .. } => "pipe a stream into it: `helm template gift ./chart | gift check -`".into(),
            Self::Setting { .. } => "write it as --set path.to.value=1".into(),
            Self::NoWorker { .. } => "leave --renderer out to have the command do it".into(),
            Self::NoSuchRule { known, .. } => format!("the rules are {}", known.join(", ")),
            Self::NoSuchEnvironment { known, .. } => format!("there are {}", known.join(", ")),
            Self::NoReport { .. } => {
                "run `gift check`, `gift render` or Helm with `--post-renderer gift` first; `gift explain RULE` \
                 explains a rule"
                    .into()
            }
            Self::BadReport { path, .. } => format!("remove {} and run again", path.display()),
            Self::Promotion => "`gift promote shop/dev shop/staging`, or `gift promote --tag v1.2.3 shop/prod`".into(),
            Self::Uncommitted { .. } => {
                "commit them first, or carry them along with --allow-dirty; nothing was written".into()
            }
            Self::NoSystem => "name one and its environment with --system and --env".into(),
            Self::NoContainers { .. } => {
                "use a cluster that runs containers, with --cluster kind or --kubeconfig FILE".into()
            }
            Self::NoStateDirectory => "set XDG_STATE_HOME to a folder of yours".into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_paragraph_with_the_way_out() {
        let source = io::Error::other("disk on fire");
        let failure = Failure::from(CommandError::Read { path: "a.yaml".into(), source });
        assert_eq!(
            failure.paragraph(),
            "error: cannot read a.yaml: disk on fire\nhelp: check the name; `-` reads standard input\n"
        );
        assert_eq!(failure.category().exit_code(), 2);
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure() {
        assert!(Failure::output(io::ErrorKind::BrokenPipe.into()).is_closed_pipe());
        assert!(!Failure::output(io::ErrorKind::StorageFull.into()).is_closed_pipe());
    }
}
