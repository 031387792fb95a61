//! One worker process: requests go in, a thread hands the answers to those who wait for them.

use super::frame::{self, Answer, Cancel, Greeting, PROTOCOL, Request};
use std::collections::HashMap;
use std::io::{self, BufReader};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a worker may take to begin, and to let go of a request that was given up.
const PATIENCE: Duration = Duration::from_secs(20);
const LETTING_GO: Duration = Duration::from_secs(3);

/// A worker that runs; killed when it is dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Mutex<Child>,
    requests: Mutex<ChildStdin>,
    shared: Arc<Shared>,
    helm: String,
    next: AtomicU64,
}

/// What the thread that reads answers shares with those who wait for them.
#[derive(Debug)]
struct Shared {
    waiting: Mutex<HashMap<u64, Sender<Answered>>>,
    is_lost: AtomicBool,
    /// How many more requests the worker takes now.
    free: Mutex<usize>,
    freed: Condvar,
}

/// An answer with its bytes.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) failed: bool,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    pub(super) also_for: Vec<String>,
    is_declined: bool,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// The worker is gone.
    Worker,
    /// The worker leaves this one to the command.
    Declined,
    /// The time was over.
    Time,
}

impl Process {
    pub(super) fn start(mut command: Command) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let begun = greet(&mut child);
        let (requests, answers, greeting) = match begun {
            Ok(begun) => begun,
            Err(error) => {
                child.kill().ok();
                child.wait().ok();
                return Err(error);
            }
        };
        let shared = Arc::new(Shared {
            waiting: Mutex::default(),
            is_lost: AtomicBool::new(false),
            free: Mutex::new(greeting.at_once.max(1)),
            freed: Condvar::new(),
        });
        let reading = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("helm-worker".to_owned())
            .spawn(move || reading.hand_out(answers))?;
        Ok(Self {
            child: Mutex::new(child),
            requests: Mutex::new(requests),
            shared,
            helm: greeting.helm,
            next: AtomicU64::new(1),
        })
    }

    /// The version of Helm it renders as.
    pub(super) fn helm(&self) -> &str {
        &self.helm
    }

    pub(super) fn is_lost(&self) -> bool {
        self.shared.is_lost.load(Ordering::Acquire)
    }

    /// Sends a request and waits for its answer.
    pub(super) fn ask(
        &self,
        mut request: Request<'_>,
        values: &[u8],
        deadline: Instant,
    ) -> Result<Answered, Lost> {
        if !self.shared.take_place(deadline) {
            return Err(if self.is_lost() { Lost::Worker } else { Lost::Time });
        }
        let answered = self.ask_now(&mut request, values, deadline);
        self.shared.leave_place();
        answered
    }

    fn ask_now(&self, request: &mut Request<'_>, values: &[u8], deadline: Instant) -> Result<Answered, Lost> {
        request.id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = mpsc::channel();
        held(&self.shared.waiting).insert(request.id, sender);
        if self.is_lost() || frame::write(&mut *held(&self.requests), request, values).is_err() {
            held(&self.shared.waiting).remove(&request.id);
            self.kill();
            return Err(Lost::Worker);
        }
        match answer.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(answered) if answered.is_declined => Err(Lost::Declined),
            Ok(answered) => Ok(answered),
            Err(RecvTimeoutError::Disconnected) => Err(Lost::Worker),
            Err(RecvTimeoutError::Timeout) => {
                let cancelled = frame::write(&mut *held(&self.requests), &Cancel { cancel: request.id }, &[]);
                // A template that never ends cannot be stopped otherwise; those who wait beside it are
                // served by the command.
                if cancelled.is_err()
                    || matches!(answer.recv_timeout(LETTING_GO), Err(RecvTimeoutError::Timeout))
                {
                    self.kill();
                }
                Err(Lost::Time)
            }
        }
    }

    fn kill(&self) {
        self.shared.is_lost.store(true, Ordering::Release);
        let mut child = held(&self.child);
        child.kill().ok();
        child.wait().ok();
    }

    /// The number of the process.
    #[cfg(test)]
    pub(super) fn id(&self) -> u32 {
        held(&self.child).id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Shared {
    /// Hands out answers until there are no more, and then tells everybody that there will be none.
    fn hand_out(&self, mut answers: BufReader<ChildStdout>) {
        while let Ok((answer, mut stdout)) = frame::read::<Answer>(&mut answers) {
            if answer.output > stdout.len() {
                break;
            }
            let stderr = stdout.split_off(answer.output);
            let is_declined = !answer.declined.is_empty();
            if let Some(sender) = held(&self.waiting).remove(&answer.id) {
                // Whoever has waited too long is gone.
                let Answer { failed, also_for, .. } = answer;
                sender.send(Answered { failed, stdout, stderr, also_for, is_declined }).ok();
            }
        }
        self.is_lost.store(true, Ordering::Release);
        held(&self.waiting).clear();
        drop(held(&self.free));
        self.freed.notify_all();
    }

    fn take_place(&self, deadline: Instant) -> bool {
        let mut free = held(&self.free);
        while *free == 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || self.is_lost.load(Ordering::Acquire) {
                return false;
            }
            free = self.freed.wait_timeout(free, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        *free -= 1;
        true
    }

    fn leave_place(&self) {
        *held(&self.free) += 1;
        self.freed.notify_one();
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for the worker's first frame, which says who it is.
fn greet(child: &mut Child) -> io::Result<(ChildStdin, BufReader<ChildStdout>, Greeting)> {
    let (Some(requests), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    let (sender, greeted) = mpsc::channel();
    std::thread::spawn(move || {
        let mut answers = BufReader::with_capacity(1 << 16, answers);
        let greeting = frame::read::<Greeting>(&mut answers);
        sender.send(greeting.map(|(greeting, _)| (answers, greeting))).ok();
    });
    let (answers, greeting) = greeted
        .recv_timeout(PATIENCE)
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "it does not say what it is"))??;
    if greeting.protocol != PROTOCOL {
        let wanted = format!(
            "it speaks protocol {}, and {PROTOCOL} is wanted; run `ci/setup worker`",
            greeting.protocol
        );
        return Err(io::Error::other(wanted));
    }
    Ok((requests, answers, greeting))
}
