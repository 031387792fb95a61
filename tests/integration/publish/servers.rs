//! Servers on the loopback interface, which end with the test, however it ends.

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// A server that answers.
pub(crate) struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Starts what `command` gives for a port, and waits until it answers. Somebody else may take the port in
    /// between: then there is another.
    fn start(name: &str, command: impl Fn(u16) -> Command) -> Self {
        for _ in 0..20 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let asked = command(port);
            // The kernel ends it when the thread that started it does.
            let mut watched = Command::new("setpriv");
            watched.args(["--pdeathsig", "KILL", "--"]).arg(asked.get_program()).args(asked.get_args());
            for (key, value) in asked.get_envs().filter_map(|(key, value)| Some((key, value?))) {
                watched.env(key, value);
            }
            let mut child = watched
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .spawn()
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            while child.try_wait().unwrap().is_none() {
                if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return Self { child, address: format!("127.0.0.1:{port}") };
                }
                sleep(Duration::from_millis(20));
            }
        }
        panic!("{name} does not start; `ci/setup publish` brings it");
    }

    /// nginx, with the files of a folder.
    pub(crate) fn of_files(folder: &Path, state: &Path) -> Self {
        fs::create_dir_all(folder).unwrap();
        fs::create_dir_all(state).unwrap();
        let program = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/opt/homebrew/bin/nginx"]
            .into_iter()
            .find(|path| Path::new(path).exists())
            .unwrap_or("nginx");
        Self::start("nginx", |port| {
            let configuration = state.join("nginx.conf");
            let mut file = fs::File::create(&configuration).unwrap();
            let at = |name: &str| state.join(name).display().to_string();
            writeln!(
                file,
                "daemon off; master_process off; pid {pid}; error_log stderr crit;\nevents {{}}\nhttp {{\n\
                 access_log off; types {{}} default_type application/octet-stream;\n\
                 client_body_temp_path {body}; proxy_temp_path {proxy}; fastcgi_temp_path {fastcgi};\n\
                 uwsgi_temp_path {uwsgi}; scgi_temp_path {scgi};\n\
                 server {{ listen 127.0.0.1:{port}; root {root}; }}\n}}",
                pid = at("pid"),
                body = at("body"),
                proxy = at("proxy"),
                fastcgi = at("fastcgi"),
                uwsgi = at("uwsgi"),
                scgi = at("scgi"),
                root = folder.display(),
            )
            .unwrap();
            let mut command = Command::new(program);
            command.arg("-e").arg("stderr").arg("-p").arg(state).arg("-c").arg(&configuration);
            command
        })
    }

    /// An OCI registry, which keeps everything below `state`.
    pub(crate) fn of_images(state: &Path) -> Self {
        fs::create_dir_all(state).unwrap();
        let program = registry();
        Self::start("registry", |port| {
            let configuration = state.join("registry.yaml");
            let text = format!(
                "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n\
                 storage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: \"127.0.0.1:{port}\"}}\n",
                state.join("storage").display()
            );
            fs::write(&configuration, text).unwrap();
            let mut command = Command::new(&program);
            command.env("OTEL_TRACES_EXPORTER", "none").arg("serve").arg(&configuration);
            command
        })
    }

    /// `127.0.0.1:PORT`
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn registry() -> PathBuf {
    std::env::var_os("GIFT_REGISTRY")
        .map_or_else(|| gift_harness::directories::cache().unwrap().join("bin/registry"), PathBuf::from)
}
