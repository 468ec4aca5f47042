//! Bad input: what cannot be read is named and the rest goes on; what was read before a failure is searched all the same.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use hunt::{Found, Hunt, find, load};

fn list(folder: &Path) -> PathBuf {
    let path = folder.join("list.txt");
    fs::write(&path, "evil.example\n").unwrap();
    path
}

fn hunted(logs: &[PathBuf], meanwhile: impl FnOnce()) -> Found {
    let folder = tempfile::tempdir().unwrap();
    let (index, notes, _) = load(&[list(folder.path())]).unwrap();
    let sources = find(logs);
    meanwhile();
    Hunt::new(&index, &notes).run(&sources, &mut |_| {})
}

/// Lines that hit and do not pack well.
fn lines(count: usize) -> Vec<u8> {
    let mixed = |n: usize| (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (0..count).flat_map(|n| format!("{n} evil.example {:x}{:x}\n", mixed(n), mixed(n * n + 7)).into_bytes()).collect()
}

fn packed(text: &[u8]) -> [(&'static str, Vec<u8>); 4] {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text).unwrap();
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bzip2.write_all(text).unwrap();
    [
        ("gz", gzip.finish().unwrap()),
        ("zst", zstd::encode_all(text, 1).unwrap()),
        ("bz2", bzip2.finish().unwrap()),
        // 2,000 lines by `xz -9`.
        ("xz", include_bytes!("lines.xz").to_vec()),
    ]
}

#[test]
fn what_a_cut_archive_holds_before_the_cut_is_searched() {
    let folder = tempfile::tempdir().unwrap();
    for count in [2_000, 40_000] {
        for (name, bytes) in packed(&lines(count)) {
            let path = folder.path().join(format!("log.{name}"));
            fs::write(&path, &bytes).unwrap();
            let whole = hunted(std::slice::from_ref(&path), || {});
            assert_eq!((whole.lines, whole.sources), (if name == "xz" { 2_000 } else { count as u64 }, 1), "{name}");
            fs::write(&path, &bytes[..bytes.len() * 9 / 10]).unwrap();
            let cut = hunted(&[path], || {});
            // zstd and bzip2 give whole blocks, of 128 KiB and 100 kB, and the small text is one.
            let blocks = count == 2_000 && matches!(name, "zst" | "bz2");
            let least = if blocks { 0 } else { whole.lines / 3 };
            assert!(cut.lines >= least && cut.lines < whole.lines, "{name}: {} of {}", cut.lines, whole.lines);
            assert_eq!((cut.trouble.len(), cut.sources), (1, 0), "{name}: {:?}", cut.trouble);
            assert!(cut.trouble[0].contains("damaged or cut"), "{}", cut.trouble[0]);
        }
    }
}

#[test]
fn damaged_archives_never_end_the_hunt() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = 5_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut paths = Vec::new();
    for (name, bytes) in packed(&lines(300)) {
        for round in 0..60 {
            let mut bytes = bytes.clone();
            for _ in 0..1 + next(8) {
                let at = next(bytes.len());
                bytes[at] = next(256) as u8;
            }
            let path = folder.path().join(format!("{round}.{name}"));
            fs::write(&path, bytes).unwrap();
            paths.push(path);
        }
    }
    fs::write(folder.path().join("whole"), lines(1)).unwrap();
    paths.push(folder.path().join("whole"));
    let found = hunted(&paths, || {});
    assert!(found.trouble.len() > 100 && found.lines > 0);
    assert_eq!(found.sources as usize, paths.len() - found.trouble.len());
}

#[test]
fn files_that_vanish_shrink_and_grow_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let text = lines(20);
    let big = lines(700_000);
    assert!(big.len() > 32 << 20, "it is read in parts");
    let path = |name: &str| folder.path().join(name);
    for name in ["gone", "shrunk", "grown", "same"] {
        fs::write(path(name), &text).unwrap();
    }
    for name in ["big-shrunk", "big-grown"] {
        fs::write(path(name), &big).unwrap();
    }
    let found = hunted(&[folder.path().to_owned()], || {
        fs::remove_file(path("gone")).unwrap();
        OpenOptions::new().write(true).open(path("shrunk")).unwrap().set_len(text.len() as u64 / 2).unwrap();
        OpenOptions::new().write(true).open(path("big-shrunk")).unwrap().set_len(1 << 20).unwrap();
        for name in ["grown", "big-grown"] {
            OpenOptions::new().append(true).open(path(name)).unwrap().write_all(&text).unwrap();
        }
    });
    let told = |name: &str, why: &str| {
        let name = path(name).display().to_string();
        let lines: Vec<&String> = found.trouble.iter().filter(|line| line.starts_with(&format!("{name}:"))).collect();
        assert!(lines.len() == 1 && lines[0].contains(why), "{name}: {:?}", found.trouble);
    };
    told("gone", "No such file");
    told("shrunk", "it shrank from");
    told("big-shrunk", "it shrank from");
    assert_eq!((found.trouble.len(), found.sources), (3, 3), "{:?}", found.trouble);
    // Whole files with what was added; what is left of the shrunk ones is told only as trouble.
    let least = 20 + 40 + 700_020;
    assert!((least..least + 30_000).contains(&found.lines), "{}", found.lines);
}

#[test]
fn a_file_that_shrinks_while_it_is_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    fs::write(&path, lines(700_000)).unwrap();
    let (index, notes, _) = load(&[list(folder.path())]).unwrap();
    let cut = || OpenOptions::new().write(true).open(&path).unwrap().set_len(100).unwrap();
    let once = std::sync::Once::new();
    let each = |_, _: &hunt::Sample| once.call_once(cut);
    let mut hunt = Hunt::new(&index, &notes).telling(&each);
    hunt.threads = 1;
    let found = hunt.run(&find(std::slice::from_ref(&path)), &mut |_| {});
    assert!(found.lines > 0 && found.lines < 700_000);
    assert!(found.trouble.len() == 1 && found.trouble[0].contains("shrank"), "{:?}", found.trouble);
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_read_is_named_and_the_rest_goes_on() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("good"), "evil.example\n").unwrap();
    fs::write(path("locked"), "evil.example\n").unwrap();
    fs::set_permissions(path("locked"), fs::Permissions::from_mode(0o000)).unwrap();
    std::os::unix::fs::symlink(path("two"), path("one")).unwrap();
    std::os::unix::fs::symlink(path("one"), path("two")).unwrap();
    fs::create_dir(path("d")).unwrap();
    std::os::unix::fs::symlink(path("d"), path("d/self")).unwrap();
    // Whoever may read everything is refused by this one all the same.
    let logs = ["/proc/self/mem".into(), path("locked"), path("one"), path("d"), path("none"), path("good")];
    let found = hunted(&logs, || {});
    let all_may = File::open(path("locked")).is_ok();
    let expect = if all_may { (2, 2, 3) } else { (1, 1, 4) };
    assert_eq!((found.lines, found.sources, found.trouble.len()), expect, "{:?}", found.trouble);
    for name in ["/proc/self/mem", "one", "none"] {
        assert!(found.trouble.iter().any(|why| why.contains(name)), "{name}: {:?}", found.trouble);
    }
    assert_eq!(find(&[path("d")]).passed_over, 1);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_read_where_it_is_named_and_passed_over_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    if !Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()) {
        eprintln!("NOT TESTED: no mkfifo");
        return;
    }
    fs::write(folder.path().join("log"), "evil.example\n").unwrap();
    let inside = hunted(&[folder.path().to_owned()], || {});
    assert_eq!((inside.lines, inside.sources), (1, 1));
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || OpenOptions::new().write(true).open(pipe).unwrap().write_all(&lines(5_000)).unwrap()
    });
    let named = hunted(&[pipe], || {});
    writer.join().unwrap();
    assert_eq!((named.lines, named.trouble.len()), (5_000, 0));
}

/// The command, with pipes; `None` if only the tests were built.
fn command(arguments: &[&std::ffi::OsStr]) -> Option<Child> {
    let here = std::env::current_exe().ok()?;
    let path = here.parent().and_then(Path::parent)?.join("examples/hunt");
    if !path.exists() {
        eprintln!("NOT TESTED: the example `hunt` is not built");
        return None;
    }
    let mut command = Command::new(path);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Some(command.spawn().unwrap())
}

/// What is peak memory of a process, in MiB.
fn peak(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()? / 1024)
}

/// `HUNT_LINE_BYTES=1000000000` makes it as long as the worst.
#[test]
fn a_line_without_end_takes_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let list = list(folder.path());
    let Some(mut child) = command(&["-q".as_ref(), "-i".as_ref(), list.as_ref(), "-".as_ref()]) else { return };
    let bytes: usize =
        std::env::var("HUNT_LINE_BYTES").ok().map_or(64 << 20, |text| text.parse().expect("a number of bytes"));
    let mut input = child.stdin.take().unwrap();
    // Escapes make it be read up to four times.
    let mut piece = "a\\u0041 %41%2541\\\\u0041 ".repeat(40_000).into_bytes();
    let mut written = 0;
    while written < bytes {
        input.write_all(&piece).unwrap();
        written += piece.len();
    }
    let peak = peak(&child);
    piece = b" evil%2eexample end".to_vec();
    input.write_all(&piece).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("in 1 line of 1 source"), "{text}");
    let Some(peak) = peak else {
        eprintln!("NOT TESTED: this system tells no peak of memory");
        return;
    };
    println!("a line of {written} bytes: {peak} MiB at most");
    assert!(peak < 128, "{peak} MiB");
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn a_compiled_list_that_is_cut_in_use_ends_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let (index, _, _) = load(&[list(folder.path())]).unwrap();
    let compiled = folder.path().join("list.fci");
    index.save(&compiled).unwrap();
    let Some(mut child) = command(&["-i".as_ref(), compiled.as_ref(), "-".as_ref()]) else { return };
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    errors.read_line(&mut said).unwrap();
    assert!(said.contains("1 indicator ready"), "{said}");
    OpenOptions::new().write(true).open(&compiled).unwrap().set_len(0).unwrap();
    let mut input = child.stdin.take().unwrap();
    let _ = input.write_all(&lines(100_000));
    drop(input);
    errors.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2), "{said}");
    assert!(said.contains("was cut or written to while it was in use"), "{said}");
}

#[test]
fn compiled_lists_that_cannot_be_used_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let (index, _, _) = load(&[list(folder.path())]).unwrap();
    let path = folder.path().join("list.fci");
    index.save(&path).unwrap();
    let good = fs::read(&path).unwrap();
    let check = |change: &dyn Fn(&mut Vec<u8>), expect: &str| {
        let mut bytes = good.clone();
        change(&mut bytes);
        fs::write(&path, bytes).unwrap();
        let alone = load(std::slice::from_ref(&path)).err().unwrap().to_string();
        assert!(alone.contains("list.fci: ") && alone.contains(expect), "{alone}");
        // With others it is read, not mapped, and told the same way.
        let other = folder.path().join("list.txt");
        let beside = load(&[other, path.clone()]).err().unwrap().to_string();
        assert_eq!(alone, beside);
    };
    let whole = good.len();
    check(&|bytes| bytes.truncate(50), &format!("cut short: it is 50 bytes and says {whole}"));
    check(&|bytes| bytes.truncate(10), "cut short: it is 10 bytes, and its header alone has 256");
    check(&|bytes| bytes.truncate(whole - 1), "cut short");
    check(&|bytes| bytes.push(0), "was added to");
    check(&|bytes| bytes[12] = 9, "is of format 9, and this program reads format");
    check(
        &|bytes| bytes[8..24].chunks_mut(4).for_each(<[u8]>::reverse),
        "written on a machine of the other byte order",
    );
    check(&|bytes| bytes[whole / 2] ^= 4, "checksum is wrong");
}

#[test]
fn a_list_of_nothing_that_can_be_used_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hostile.txt");
    fs::write(&path, format!("a\n.\n0.0.0.0/0\n::/0\ncom\n{}\n", "a".repeat(1_000_000))).unwrap();
    let error = load(&[path]).err().unwrap();
    assert!(error.to_string().contains("no indicator can be used in") && error.to_string().contains("hostile.txt"));
    let remarks = error.report.remarks().join("\n");
    for expect in
        ["hostile.txt: ", "longer than 16384 bytes", "0.0.0.0/0", "3 not used: it is no value of a known kind"]
    {
        assert!(remarks.contains(expect), "{expect} in {remarks}");
    }
    let Some(child) = command(&["-i".as_ref(), folder.path().as_ref(), "-".as_ref()]) else { return };
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.contains("0.0.0.0/0")), (Some(2), true), "{said}");
}
