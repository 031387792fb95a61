//! The status an address answers with: as much of HTTP as a health check needs.

use super::OperationError;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// For connecting, for sending, and for each wait for an answer.
const LIMIT: Duration = Duration::from_secs(10);

/// No status line is longer.
const LONGEST: u64 = 1 << 10;

/// Asks for `http://HOST:PORT/PATH` and reads the status. Redirects are not followed, for a redirect is an
/// answer too.
///
/// # Errors
///
/// [`OperationError::Address`] for anything but `http`, [`OperationError::NoAnswer`] where nobody answers.
pub fn status_of(url: &str) -> Result<u16, OperationError> {
    let (host, path) = parts(url).ok_or_else(|| OperationError::Address { url: url.to_owned() })?;
    ask(host, path).map_err(|source| OperationError::NoAnswer { url: url.to_owned(), source })
}

/// The host with its port, and the path.
fn parts(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("http://")?;
    let end = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let is_sound = !host.is_empty() && !url.contains(|letter: char| letter.is_whitespace());
    is_sound.then_some((host, if path.is_empty() { "/" } else { path }))
}

fn ask(host: &str, path: &str) -> std::io::Result<u16> {
    let address = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    let mut failure = std::io::Error::other("the name has no address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, LIMIT) {
            Ok(stream) => return exchange(stream, host, path),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn exchange(mut stream: TcpStream, host: &str, path: &str) -> std::io::Result<u16> {
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    // At once: a server may answer and be gone after the first line.
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAccept: */*\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream.take(LONGEST)).read_line(&mut line)?;
    let mut words = line.split(' ');
    let is_http = words.next().is_some_and(|word| word.starts_with("HTTP/"));
    let status = words.next().and_then(|word| word.trim().parse().ok());
    status.filter(|_| is_http).ok_or_else(|| std::io::Error::other("the answer is not HTTP"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// Answers one request, and gives what it was.
    fn server(answer: &'static str) -> (u16, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = Vec::new();
            for line in BufReader::new(stream.try_clone().unwrap()).lines() {
                let line = line.unwrap();
                if line.is_empty() {
                    break;
                }
                lines.push(line);
            }
            stream.write_all(answer.as_bytes()).unwrap();
            lines.join("\n")
        });
        (port, served)
    }

    #[test]
    fn the_status_is_read_and_the_path_asked_for() {
        let (port, served) = server("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(status_of(&format!("http://127.0.0.1:{port}/api/auth/me")).unwrap(), 401);
        let asked = served.join().unwrap();
        assert!(asked.starts_with("GET /api/auth/me HTTP/1.1\n"), "{asked}");
        assert!(asked.contains(&format!("Host: 127.0.0.1:{port}")), "{asked}");
    }

    #[test]
    fn what_is_not_http_is_no_answer() {
        let (port, _) = server("SSH-2.0-OpenSSH_9\r\n");
        let told = status_of(&format!("http://127.0.0.1:{port}")).unwrap_err().to_string();
        assert!(told.contains("no answer"), "{told}");
    }

    #[test]
    fn a_closed_port_is_no_answer_and_other_schemes_are_refused() {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(matches!(status_of(&format!("http://{closed}/")), Err(OperationError::NoAnswer { .. })));
        for url in ["https://localhost/", "localhost:3000", "http:///", "http://a b/"] {
            assert!(matches!(status_of(url), Err(OperationError::Address { .. })), "{url}");
        }
    }
}
