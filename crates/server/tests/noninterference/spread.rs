//! Seeds spread over the cores: each thread has a runtime and a log desk of its own, and takes the next seed when it is free.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::logs;
use crate::pair::Difference;

/// A runtime whose threads, like this one, log to the desk of one test and have its planted leak.
pub fn runtime() -> tokio::runtime::Runtime {
    let desk = logs::Desk::default();
    #[cfg(feature = "planted-leaks")]
    let leak = policy::planted::Switch::default();
    let sit = move || {
        logs::sit(&desk);
        #[cfg(feature = "planted-leaks")]
        leak.take_up();
    };
    sit();
    tokio::runtime::Builder::new_current_thread().on_thread_start(sit).enable_all().build().unwrap()
}

/// Keeps this thread, and those that it starts, on one core: most requests go to a thread of the blocking pool and back, and to
/// wake one on another core takes a sixth of the time of all worlds.
fn keep_to_core(number: usize) {
    #[cfg(target_os = "linux")]
    {
        use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
        let Ok(allowed) = sched_getaffinity(None) else { return };
        let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        let Some(core) = cores.nth(number) else { return };
        let mut own = CpuSet::new();
        own.set(core);
        // Where that is refused it is only slower.
        let _ = sched_setaffinity(None, &own);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = number;
}

/// Does something on every core at once, each with a runtime of its own.
pub fn on_every_core<T: Send>(work: impl AsyncFn() -> T + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let work = |number| {
        keep_to_core(number);
        runtime().block_on(work())
    };
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..threads).map(|number| scope.spawn(move || work(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Asks every seed, each by one thread from beginning to end; what each thread has found, or the first difference with its
/// seed. What a seed gives depends on nothing else.
pub fn spread<T: Default + Send>(
    seeds: Range<u64>,
    ask: impl AsyncFn(u64, &mut T) -> Result<(), Difference> + Sync,
) -> Vec<T> {
    let (next, failed) = (AtomicU64::new(seeds.start), Mutex::new(None));
    let all = on_every_core(async || {
        let mut figures = T::default();
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= seeds.end {
                break figures;
            }
            if let Err(Difference(what)) = ask(seed, &mut figures).await {
                failed.lock().unwrap().get_or_insert((seed, what));
                next.store(seeds.end, Ordering::SeqCst);
            }
        }
    });
    if let Some((seed, what)) = failed.into_inner().unwrap() {
        panic!("seed {seed}: {what}");
    }
    all
}
