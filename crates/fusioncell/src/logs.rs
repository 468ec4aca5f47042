//! Structured logs on stderr: plain for people, JSON for machines. No principals at intake: the server logs none.

use tracing_subscriber::EnvFilter;

/// Starts logging. `FUSIONCELL_LOG` chooses what is told, such as `info` or `server=debug`.
pub fn start(default: &str, json: bool) {
    let filter = EnvFilter::try_from_env("FUSIONCELL_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    std::panic::set_hook(Box::new(|panic| tracing::error!(place = place(panic), "a part of the program panicked")));
    // A second start in one process keeps the first: nothing is lost.
    let _ = if json { builder.json().try_init() } else { builder.try_init() };
}

/// Where a panic happened, and nothing of what it says: its message may quote a report.
fn place(panic: &std::panic::PanicHookInfo<'_>) -> String {
    panic.location().map_or_else(|| "somewhere".to_owned(), |at| format!("{}:{}", at.file(), at.line()))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    #[test]
    fn a_panic_tells_its_place_and_not_its_message() {
        static TOLD: Mutex<String> = Mutex::new(String::new());
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(|panic| *TOLD.lock().unwrap() = super::place(panic)));
        let _ = std::thread::spawn(|| panic!("the report of Calder Power")).join();
        std::panic::set_hook(before);
        let told = TOLD.lock().unwrap().clone();
        assert!(told.contains("logs.rs:") && !told.contains("Calder"), "{told}");
    }
}
