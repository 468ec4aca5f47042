//! What is made of the planes of eight kilobytes, several words at once: where runs end that are worth a look.
//!
//! A bit added to the run that it stands in carries to the first bit behind the run, and nowhere else; and a second that is added
//! to the same run finds that carry where it stands, and stays. A word carries into the next; only where a run fills a whole word
//! does it wait for the one before, which is rare, so that else no word waits for others.

use crate::pass::each_bit;
use crate::raw::{Plane, Planes, WORD, WORDS};
use crate::scan::Work;

const NONE: Plane = [0; WORDS + 2];
const EACH_16: u64 = 0x0001_0001_0001_0001;

/// What is made of the planes.
pub(crate) struct Derived {
    /// Dots with name signs on both sides.
    pub inner: Plane,
    /// Name signs and inner dots.
    pub host: Plane,
    /// Hyphens and underscores.
    pub dash: Plane,
    /// A place in each run of 32 hexadecimal digits.
    pub hashes: Plane,
    /// Ends of runs whose last label begins with no digit.
    names: Plane,
    /// Dots but the first of their run, and but the second.
    seconds: Plane,
    thirds: Plane,
    /// Ends of runs with three dots whose last label begins with a digit.
    fours: Plane,
    /// Colons behind a group of digits that a colon stands before; such before which such a one stands; and such before that.
    closing: [Plane; 3],
    /// A sum, and what it carries.
    sum: Plane,
    carry: Plane,
    /// What the last word of each sum carried.
    carried: [u64; SUMS],
}

/// Sums that are made of each word.
const SUMS: usize = 7;

impl Derived {
    /// Without anything in it.
    pub const fn new() -> Self {
        Self {
            inner: NONE,
            host: NONE,
            dash: NONE,
            hashes: NONE,
            names: NONE,
            seconds: NONE,
            thirds: NONE,
            fours: NONE,
            closing: [NONE; 3],
            sum: NONE,
            carry: NONE,
            carried: [0; SUMS],
        }
    }

    /// Nothing stands before.
    pub fn begin(&mut self) {
        let [one, two, _] = &mut self.closing;
        for plane in [&mut self.inner, &mut self.host, &mut self.dash, &mut self.thirds, one, two] {
            let [first, ..] = plane;
            *first = 0;
        }
        self.carried = [0; SUMS];
    }

    /// The last word becomes the one before.
    pub fn turn(&mut self) {
        let [one, two, _] = &mut self.closing;
        for plane in [&mut self.inner, &mut self.host, &mut self.dash, &mut self.thirds, one, two] {
            plane.copy_within(WORDS..=WORDS, 0);
        }
    }
}

/// So many words of a plane.
#[inline(always)]
fn of(plane: &Plane, from: usize, words: usize) -> &[u64] {
    plane.get(from..from + words).unwrap_or_default()
}

#[inline(always)]
fn of_mut(plane: &mut Plane, words: usize) -> &mut [u64] {
    plane.get_mut(1..words + 1).unwrap_or_default()
}

/// A sum of each word and what it carries; `carried` is what the one before the first carried, and becomes that of the last.
#[inline(always)]
fn add(
    words: usize,
    [sums, carries]: [&mut Plane; 2],
    carried: &mut u64,
    runs: &Plane,
    bits: impl Iterator<Item = u64>,
) {
    let [first, ..] = carries;
    *first = *carried;
    let out = of_mut(sums, words).iter_mut().zip(of_mut(carries, words));
    let mut is_full = false;
    for ((&run, bit), (sum, carry)) in of(runs, 1, words).iter().zip(bits).zip(out) {
        *sum = run.wrapping_add(bit);
        *carry = (run & bit | (run | bit) & !*sum) >> 63;
        is_full |= *sum == u64::MAX;
    }
    if is_full {
        hand_on(words, sums, carries);
    }
    *carried = carries.get(words).copied().unwrap_or(0);
}

/// A word that is all run, and to which nothing is added, carries what the word before carries.
#[cold]
fn hand_on(words: usize, sums: &Plane, carries: &mut Plane) {
    let mut before = carries.first().copied().unwrap_or(0);
    for (sum, carry) in of(sums, 1, words).iter().zip(of_mut(carries, words)) {
        *carry |= before & u64::from(*sum == u64::MAX);
        before = *carry;
    }
}

/// Sums with the carries of the words before them.
#[inline(always)]
fn carried<'p>(words: usize, sums: &'p Plane, carries: &'p Plane) -> impl Iterator<Item = u64> + 'p {
    of(sums, 1, words).iter().zip(of(carries, 0, words)).map(|(sum, carry)| sum.wrapping_add(*carry))
}

/// Bits, each one further up.
#[inline(always)]
fn behind(words: usize, plane: &Plane) -> impl Iterator<Item = u64> + '_ {
    of(plane, 1, words).iter().zip(of(plane, 0, words)).map(|(now, before)| now << 1 | before >> 63)
}

/// Fills what is made of the planes of so many words; says whether there are runs of 32 hexadecimal digits, and whether colons
/// that may be of an IPv6 address.
#[inline(always)]
pub(crate) fn derive(planes: &Planes, words: usize, derived: &mut Derived) -> (bool, bool) {
    let Derived { inner, host, dash, hashes, names, seconds, thirds, fours, closing, sum, carry, carried: over } =
        derived;
    let [over_names, over_seconds, over_thirds, over_fours, over_groups @ ..] = over;
    let out = of_mut(inner, words).iter_mut().zip(of_mut(host, words));
    let name = of(&planes.name, 0, words).iter().zip(of(&planes.name, 1, words)).zip(of(&planes.name, 2, words));
    for ((((&before, &now), &after), &dot), (inner, host)) in name.zip(of(&planes.dot, 1, words)).zip(out) {
        *inner = dot & (now << 1 | before >> 63) & (now >> 1 | after << 63);
        *host = now | *inner;
    }
    let signs = of(&planes.name, 1, words).iter().zip(of(&planes.alnum, 1, words));
    for (dash, (name, alnum)) in of_mut(dash, words).iter_mut().zip(signs) {
        *dash = name & !alnum;
    }

    let letters = behind(words, inner).zip(of(&planes.digit, 1, words)).map(|(first, digit)| first & !digit);
    add(words, [sum, carry], over_names, &planes.name, letters);
    for ((names, sum), host) in of_mut(names, words).iter_mut().zip(carried(words, sum, carry)).zip(of(host, 1, words))
    {
        *names = sum & !host;
    }

    add(words, [sum, carry], over_seconds, host, of(inner, 1, words).iter().copied());
    for ((out, sum), dots) in of_mut(seconds, words).iter_mut().zip(carried(words, sum, carry)).zip(of(inner, 1, words))
    {
        *out = sum & dots;
    }
    add(words, [sum, carry], over_thirds, host, of(seconds, 1, words).iter().copied());
    for ((out, sum), dots) in
        of_mut(thirds, words).iter_mut().zip(carried(words, sum, carry)).zip(of(seconds, 1, words))
    {
        *out = sum & dots;
    }
    let digits = behind(words, thirds).zip(of(&planes.digit, 1, words)).map(|(first, digit)| first & digit);
    add(words, [sum, carry], over_fours, &planes.name, digits);
    for ((fours, sum), host) in of_mut(fours, words).iter_mut().zip(carried(words, sum, carry)).zip(of(host, 1, words))
    {
        *fours = sum & !host;
    }

    // An address of IPv6 without two colons at one place has six with digits between them: these are the fourth to the sixth.
    let mut before = &planes.colon;
    for (closing, over) in closing.iter_mut().zip(over_groups) {
        let first = behind(words, before).zip(of(&planes.hex, 1, words)).map(|(first, hex)| first & hex);
        add(words, [sum, carry], over, &planes.hex, first);
        let all = carried(words, sum, carry).zip(of(&planes.colon, 1, words));
        for (out, (sum, colon)) in of_mut(closing, words).iter_mut().zip(all) {
            *out = sum & colon;
        }
        before = closing;
    }
    let [.., fourth] = closing;
    let mut any_colon = 0;
    let double = behind(words, &planes.colon).zip(of(&planes.colon, 1, words)).map(|(before, now)| before & now);
    for (out, double) in of_mut(fourth, words).iter_mut().zip(double) {
        *out |= double;
        any_colon |= *out;
    }

    let mut any_hash = 0;
    for (&hex, hashes) in of(&planes.hex, 1, words).iter().zip(of_mut(hashes, words)) {
        // Bit `n` stands for two from there on, then for four, for eight, and for sixteen, which a run of 32 has on an even place.
        let two = hex & hex >> 1;
        let four = two & two >> 2;
        let eight = four & four >> 4;
        *hashes = eight & eight >> 8 & EACH_16;
        any_hash |= *hashes;
    }
    (any_hash != 0, any_colon != 0)
}

/// Writes where each bit is, and returns how many there are then.
#[inline(always)]
fn note(ends: &mut [u32], count: usize, first: u32, mask: u64) -> usize {
    // Most words have one end at most: that is written whatever there is, and written over if there is none.
    if let Some(place) = ends.get_mut(count) {
        *place = first.wrapping_add(mask.trailing_zeros());
    }
    let rest = mask & mask.wrapping_sub(1);
    if rest != 0 {
        let mut at = count + 1;
        each_bit(rest, |bit| {
            if let Some(place) = ends.get_mut(at) {
                *place = first + bit;
            }
            at += 1;
        });
        return at;
    }
    count + usize::from(mask != 0)
}

/// Writes where runs end that may be names, and those that may hold addresses; returns how many there are.
#[inline(always)]
pub(crate) fn ends(words: usize, work: &mut Work) -> [usize; 2] {
    let Work { derived, name_ends, four_ends, .. } = work;
    let (mut names, mut fours) = (0, 0);
    for (number, (&name, &four)) in of(&derived.names, 1, words).iter().zip(of(&derived.fours, 1, words)).enumerate() {
        let first = (number * WORD) as u32;
        names = note(name_ends, names, first, name);
        fours = note(four_ends, fours, first, four);
    }
    [names, fours]
}

/// Colons that may be of an IPv6 address, and the number of each word.
#[inline(always)]
pub(crate) fn colons(words: usize, derived: &Derived) -> impl Iterator<Item = (usize, u64)> + '_ {
    let [.., fourth] = &derived.closing;
    of(fourth, 1, words).iter().copied().enumerate()
}
