//! People with keys, in a GnuPG of their own.

use super::{Bench, taken};
use std::fs;
use std::path::PathBuf;

pub(super) const PASSPHRASE: &str = "correct horse";

impl Bench {
    /// Makes a key of the given algorithm for an address, locked by [`PASSPHRASE`], and gives the file with that.
    pub(crate) fn key(&self, address: &str, algorithm: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let home = self.path("gnupg");
        fs::create_dir_all(&home).unwrap();
        fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
        let passphrase = self.path("passphrase");
        fs::write(&passphrase, PASSPHRASE).unwrap();
        let made = self
            .command("gpg")
            .args(["--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase-file"])
            .arg(&passphrase)
            .args(["--quick-generate-key", address, algorithm, "sign", "never"])
            .output()
            .unwrap();
        taken(&made);
        passphrase
    }

    /// Gives the key of an address a subkey, which is what signs from then on.
    pub(super) fn subkey(&self, address: &str) {
        let listed =
            self.command("gpg").args(["--batch", "--with-colons", "--list-keys", address]).output().unwrap();
        let listed = taken(&listed);
        let fingerprint = listed.lines().find_map(|line| line.strip_prefix("fpr:::::::::")).unwrap();
        let made = self
            .command("gpg")
            .args(["--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase-file"])
            .arg(self.path("passphrase"))
            .args(["--quick-add-key", fingerprint.trim_end_matches(':'), "ed25519", "sign", "never"])
            .output()
            .unwrap();
        taken(&made);
    }

    /// The public key of an address, as a keyring.
    pub(crate) fn keyring(&self, address: &str) -> PathBuf {
        let exported = self.command("gpg").args(["--batch", "--export", address]).output().unwrap();
        assert!(exported.status.success() && !exported.stdout.is_empty(), "{exported:?}");
        let path = self.path(&format!("{address}.gpg"));
        fs::write(&path, exported.stdout).unwrap();
        path
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if self.path("gnupg").exists() {
            let _ = self.command("gpgconf").args(["--kill", "gpg-agent"]).status();
        }
    }
}
