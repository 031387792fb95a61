//! `gift publish`: a chart, a plugin or a program, packed, signed and put where others find it.

use super::Conclusion;
use super::failure::Failure;
use super::output::{Format, Terminal};
use super::progress::Progress;
use super::test;
use gift_harness::matrix::Matrix;
use gift_harness::publish::{
    self, Addition, Destination, Event, Options, Outcome, Package, Place, Publication, Signer, SigningKey,
};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Pack, sign and publish a chart, a Helm plugin or a program
///
/// The same files give the same bytes, on any machine: owners, order and times are fixed, or SOURCE_DATE_EPOCH is
/// every file's time. A folder becomes a chart repository that any server of static files serves; its index
/// keeps every version there was. A version that is published with other bytes is refused, and one that is
/// published with the same bytes is left as it is, so the command may be repeated. Several may publish to the
/// same folder at once, and one that is killed leaves a repository that holds together.
///
/// Where the folder is the chart or the values of a matrix, every cell of it is tested first, and Helm is asked
/// whether it takes a chart: nothing is published that fails.
///
/// GnuPG signs, as Helm verifies it, and the public key is put beside the packages, as keyring.gpg. A key of
/// --cosign-key signs as cosign verifies it. In a folder, SHA256SUMS tells the digests of everything, and beside a
/// package lie what it is made of (CycloneDX) and how it came to be (in-toto, with SLSA's provenance).
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gift publish chart --dry-run                              what would be packed
  gift publish chart --to site                              a chart repository in a folder
  gift publish chart --to site --sign-key you@example.com
  gift publish chart --to site --url https://charts.example.com
  gift publish chart --to oci://registry.example.com/charts
  gift publish plugin --to site --with gift=target/release/gift --platform linux-amd64
  gift publish target/release/gift --to site --manifest harness/Cargo.toml --platform linux-amd64

Environment variables:
  SOURCE_DATE_EPOCH  the time of the files, and of the entry in the index, in seconds since 1970
  GIFT_GPG           the gpg to use; GNUPGHOME says where its keys are
  GIFT_OPENSSL       the openssl to use; COSIGN_PASSWORD has the passphrase of --cosign-key

Exit codes:
  0  it is published, or was already    1  a cell of the matrix has findings: nothing is published
  2  it was refused, or could not be; what was published before is as it was
  3  Helm could not render a cell: nothing is published")]
pub(crate) struct Arguments {
    /// The folder of a chart or a plugin, or a program
    #[arg(value_name = "FOLDER", default_value = "chart")]
    folder: PathBuf,
    /// A folder, or a registry as oci://HOST/PATH; may be given several times
    #[arg(long, value_name = "DESTINATION", required_unless_present = "dry_run")]
    to: Vec<String>,
    /// What the index puts before the names of packages; without it they are where the index is
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Pack a file or a folder with a plugin, under this path; may be given several times
    #[arg(long, value_name = "PATH=FILE", value_parser = addition)]
    with: Vec<Addition>,
    /// The platform a plugin or a program is for, put behind the version in the name of its package
    #[arg(long, value_name = "OS-ARCH")]
    platform: Option<String>,
    /// The Cargo.toml of the program that is published, or packed with a plugin: tells its version and what it is
    /// made of
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// The key GnuPG signs with: a fingerprint, or an address
    #[arg(long, value_name = "KEY")]
    sign_key: Option<String>,
    /// A file with the key's passphrase, where no agent asks for it
    #[arg(long, value_name = "FILE", requires = "sign_key")]
    passphrase_file: Option<PathBuf>,
    /// A private key on the curve P-256 in PEM, for signatures that cosign verifies
    #[arg(long, value_name = "FILE")]
    cosign_key: Option<std::ffi::OsString>,
    /// Who built it, as an address that whoever verifies it may trust, such as that of a workflow
    #[arg(long, value_name = "URI", default_value = publish::BUILDER, hide_default_value = true)]
    builder: String,
    /// Show what would be packed and published, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Publish what is not committed
    #[arg(long)]
    allow_dirty: bool,
    /// The matrix whose cells are tested before its chart or its values are published
    #[arg(long, value_name = "FILE", default_value = "tests/matrix.yaml")]
    matrix: PathBuf,
    /// Do not test the matrix
    #[arg(long)]
    no_test: bool,
    /// Do not ask Helm whether it takes the chart
    #[arg(long)]
    no_lint: bool,
    /// Speak to registries without TLS
    #[arg(long)]
    plain_http: bool,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<Conclusion, Failure> {
    let mut options = Options::new(&arguments.folder);
    for destination in &arguments.to {
        options = options.to(Destination::parse(destination, arguments.plain_http)?);
    }
    options.url.clone_from(&arguments.url);
    options.additions.clone_from(&arguments.with);
    options.platform.clone_from(&arguments.platform);
    options.manifest.clone_from(&arguments.manifest);
    options.builder.clone_from(&arguments.builder);
    if let Some(file) = &arguments.cosign_key {
        options.signing_key = Some(SigningKey::find(file)?);
    }
    options.lint = !arguments.no_lint;
    options.committed_only = !arguments.allow_dirty;
    options.dry_run = arguments.dry_run;
    if let Some(key) = &arguments.sign_key {
        options.signer = Some(Signer::find(key, arguments.passphrase_file.clone())?);
    }
    if !arguments.no_test && !arguments.dry_run {
        let conclusion = tested(arguments, terminal)?;
        if !matches!(conclusion, Conclusion::Good) {
            let told = "Nothing is published, for the tests of the matrix fail; --no-test publishes it all the same.";
            writeln!(terminal.errors(), "{told}").map_err(Failure::output)?;
            return Ok(conclusion);
        }
    }
    let mut progress = Progress::steps(terminal);
    let publication = publish::publish(&options, &mut |event| {
        if let Some(told) = told(&event) {
            progress.step(&told);
        }
    });
    progress.finish();
    let publication = publication?;
    if terminal.format == Format::Json {
        let report = report(&publication, arguments.dry_run);
        writeln!(terminal.output(), "{report}").map_err(Failure::output)?;
    } else {
        tell(&publication, arguments, terminal).map_err(Failure::output)?;
    }
    Ok(Conclusion::Good)
}

/// Tests what is published as far as it is that of a matrix.
fn tested(arguments: &Arguments, terminal: &mut Terminal) -> Result<Conclusion, Failure> {
    if !arguments.matrix.is_file() {
        return Ok(Conclusion::Good);
    }
    let matrix = Matrix::load(&arguments.matrix)?;
    let place = |path: &Path| path.canonicalize().ok();
    let folder = place(&arguments.folder);
    if folder.is_none() || ![matrix.chart(), matrix.values_directory()].map(place).contains(&folder) {
        return Ok(Conclusion::Good);
    }
    let mut progress = Progress::steps(terminal);
    progress.step(&format!("testing {}", arguments.matrix.display()));
    progress.finish();
    test::gate(&matrix, terminal)
}

fn addition(text: &str) -> Result<Addition, String> {
    let (path, source) = text.split_once('=').ok_or("write it as gift=target/release/gift")?;
    Ok(Addition { path: path.to_owned(), source: PathBuf::from(source) })
}

/// What an event says to people.
fn told(event: &Event) -> Option<String> {
    Some(match event {
        Event::Packed { file_name, bytes, files } => {
            format!("packed {file_name}: {files} files, {bytes} bytes")
        }
        Event::Linted => "Helm takes it".to_owned(),
        Event::Signed { fingerprint } => format!("signed with {fingerprint}"),
        Event::Waiting => "waiting for another process that publishes there".to_owned(),
        Event::Swept { files } => format!("removed {files} unfinished files of a run that was cut off"),
        _ => return None,
    })
}

fn tell(publication: &Publication, arguments: &Arguments, terminal: &mut Terminal) -> io::Result<()> {
    let package = &publication.package;
    let out = terminal.output();
    if arguments.dry_run {
        for (path, bytes) in &package.contents {
            writeln!(out, "{bytes:>9}  {}/{path}", package.metadata.name)?;
        }
    }
    writeln!(out, "{}  sha256:{}", package.file_name, package.digest)?;
    for place in &publication.places {
        let signed = if place.signed { ", signed" } else { "" };
        writeln!(out, "{}: {}{signed}", place.location, state(place, arguments.dry_run))?;
        for document in &place.documents {
            writeln!(out, "  {}{document}", if arguments.dry_run { "would be put beside it: " } else { "" })?;
        }
    }
    Ok(())
}

fn state(place: &Place, dry_run: bool) -> &'static str {
    match (place.outcome, dry_run) {
        (Outcome::Added, false) => "published",
        (Outcome::Added, true) => "would be published",
        (Outcome::Unchanged, _) => "published already",
    }
}

fn report(publication: &Publication, dry_run: bool) -> serde_json::Value {
    let Package { metadata, file_name, bytes, digest, contents, .. } = &publication.package;
    let places: Vec<_> = publication
        .places
        .iter()
        .map(|place| {
            serde_json::json!({
                "destination": place.destination, "location": place.location, "outcome": state(place, dry_run),
                "signed": place.signed, "documents": place.documents,
            })
        })
        .collect();
    let contents: Vec<_> =
        contents.iter().map(|(path, bytes)| serde_json::json!({"path": path, "bytes": bytes})).collect();
    serde_json::json!({
        "version": 1, "name": metadata.name, "packageVersion": metadata.version.to_string(), "file": file_name,
        "bytes": bytes.len(), "sha256": digest, "contents": contents, "dryRun": dry_run, "places": places,
    })
}
