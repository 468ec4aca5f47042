//! A guesser that learns: each field of what is seen is an expert with a memory of its own, and a softmax learns whom to trust.
//!
//! It is an online multinomial logistic regression whose inputs are not the values themselves but what each value's history says:
//! for a field and a value the guesser remembers how often each firm stood behind it, and the logarithm of that (smoothed) share
//! against chance is the field's evidence for each firm. One weight a field is learned by gradient descent (mixing of experts by
//! their logarithms, as in lossless compression by context mixing: M. Mahoney, "Adaptive weighing of context models", 2005). So a
//! field that tells is found among hundreds that do not, an id that never comes again says nothing, and nobody has to say
//! beforehand where a leak might be.
//!
//! It guesses each report *before* it is told the truth, and only then learns from it. Where what is seen is independent of who
//! reported, each guess is then right with a chance of exactly 1/k, whatever came before: the number of hits is binomial, and the
//! p-value below is exact. (Two halves that guess each other would not be: their hits hang together.)

use std::collections::HashMap;
use std::sync::LazyLock;

/// A field and a hash of the value that it had.
pub type Feature = (u16, u32);

/// One report as the attacker meets it, with the truth that is shown after the guess.
#[derive(Clone)]
pub struct Example {
    pub seen: Vec<Feature>,
    pub truth: usize,
}

/// Names of fields.
#[derive(Default)]
pub struct Fields {
    numbers: HashMap<String, u16>,
    names: Vec<String>,
}

impl Fields {
    pub fn number(&mut self, name: &str) -> u16 {
        if let Some(known) = self.numbers.get(name) {
            return *known;
        }
        let number = u16::try_from(self.names.len()).expect("fewer than 65,536 fields");
        self.numbers.insert(name.to_owned(), number);
        self.names.push(name.to_owned());
        number
    }

    pub fn name(&self, number: u16) -> &str {
        &self.names[usize::from(number)]
    }
}

/// Firms at most.
pub const K_MAX: usize = 12;
/// Places of the memory; a value takes one of a few beside each other, in place of the one that was met least.
const SLOTS: usize = 1 << 20;
const BESIDE: usize = 2;
/// What each firm is counted with before anything was seen: so much that a value met twice proves nothing. With less, hundreds of
/// fields that mean nothing drown one that does.
const PRIOR: f32 = 5.0;
/// Step of the descent at the beginning, and reports after which it is down to seven tenths.
const STEP: f32 = 0.02;
const STEP_HALVES_AFTER: f32 = 2_000.0;
/// What every field is trusted with before anything was seen.
const TRUST: f32 = 0.05;

/// Two of them lie in one line of a processor's cache.
#[derive(Clone, Copy, Default)]
#[repr(align(32))]
struct Slot {
    check: u32,
    counts: [u16; K_MAX],
}

impl Slot {
    fn total(&self) -> u32 {
        self.counts.iter().map(|count| u32::from(*count)).sum()
    }
}

/// The logarithm of each count with what it begins with.
static LOGARITHMS: LazyLock<Vec<f32>> =
    LazyLock::new(|| (0..=u16::MAX).map(|count| (f32::from(count) + PRIOR).ln()).collect());

/// The guesser.
pub struct Guesser {
    k: usize,
    slots: Vec<Slot>,
    weights: Vec<f32>,
    /// What each field has told of the truth so far, in nats.
    told: Vec<f32>,
    learned: f32,
    /// Evidence of the fields of the report at hand.
    evidence: Vec<[f32; K_MAX]>,
    places: Vec<(usize, u32, bool)>,
}

fn spread(feature: Feature) -> u64 {
    let key = (u64::from(feature.0) << 32 | u64::from(feature.1)).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (key ^ (key >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
}

impl Guesser {
    pub fn new(k: usize) -> Self {
        assert!((2..=K_MAX).contains(&k));
        let slots = vec![Slot::default(); SLOTS + BESIDE];
        Self { k, slots, weights: Vec::new(), told: Vec::new(), learned: 0.0, evidence: Vec::new(), places: Vec::new() }
    }

    fn place(&self, feature: Feature) -> (usize, u32, bool) {
        let key = spread(feature);
        let (at, check) = ((key >> 40) as usize % SLOTS / BESIDE * BESIDE, (key as u32) | 1);
        let beside = at..at + BESIDE;
        if let Some(found) = beside.clone().find(|place| self.slots[*place].check == check) {
            return (found, check, true);
        }
        let least = beside.min_by_key(|place| self.slots[*place].total()).unwrap_or(at);
        (least, check, false)
    }

    /// Guesses, learns the truth, and says whether the guess was right.
    pub fn meet(&mut self, example: &Example) -> bool {
        let k = self.k;
        let fields = example.seen.iter().map(|(field, _)| usize::from(*field) + 1).max().unwrap_or(0);
        if self.weights.len() < fields {
            self.weights.resize(fields, TRUST);
            self.told.resize(fields, 0.0);
        }
        self.evidence.clear();
        self.places.clear();
        let mut scores = [0_f32; K_MAX];
        for feature in &example.seen {
            let (place, check, known) = self.place(*feature);
            let mut evidence = [0_f32; K_MAX];
            if known {
                let slot = &self.slots[place];
                let chance = (k as f32 / (slot.total() as f32 + PRIOR * k as f32)).ln();
                let trust = self.weights[usize::from(feature.0)];
                let firms = evidence.iter_mut().zip(&mut scores).zip(slot.counts);
                for ((evidence, score), count) in firms.take(k) {
                    *evidence = LOGARITHMS[usize::from(count)] + chance;
                    *score += trust * *evidence;
                }
            }
            self.evidence.push(evidence);
            self.places.push((place, check, known));
        }
        let best = (0..k).max_by(|a, b| scores[*a].total_cmp(&scores[*b])).unwrap_or(0);
        let top = scores[best];
        let mut shares = scores.map(|score| (score - top).exp());
        let sum: f32 = shares[..k].iter().sum();
        shares.iter_mut().for_each(|share| *share /= sum);
        self.learn(example, &shares);
        best == example.truth
    }

    fn learn(&mut self, example: &Example, shares: &[f32; K_MAX]) {
        let step = STEP / (1.0 + self.learned / STEP_HALVES_AFTER).sqrt();
        self.learned += 1.0;
        for (feature, evidence) in example.seen.iter().zip(&self.evidence) {
            let field = usize::from(feature.0);
            let expected: f32 = shares.iter().zip(evidence).map(|(share, evidence)| share * evidence).sum();
            let slope = evidence[example.truth] - expected;
            self.told[field] += self.weights[field] * slope;
            self.weights[field] += step * slope;
        }
        for (number, feature) in example.seen.iter().enumerate() {
            let (place, check, known) = match self.places[number] {
                (place, check, true) if self.slots[place].check == check => (place, check, true),
                // Another of this report's values may have taken the place, or the same may stand there by now.
                _ => self.place(*feature),
            };
            let slot = &mut self.slots[place];
            if !known {
                *slot = Slot { check, ..Slot::default() };
            }
            let count = &mut slot.counts[example.truth];
            *count = count.saturating_add(1);
            if *count == u16::MAX {
                slot.counts.iter_mut().for_each(|count| *count /= 2);
            }
        }
    }

    /// The fields that told most, with how much, in nats a report.
    pub fn tellers(&self, most: usize) -> Vec<(u16, f32)> {
        let mut all: Vec<(u16, f32)> =
            self.told.iter().enumerate().map(|(field, told)| (field as u16, told / self.learned.max(1.0))).collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        all.truncate(most);
        all
    }
}

/// Guesses and hits, and what they say.
#[derive(Clone, Copy, Debug)]
pub struct Score {
    pub k: usize,
    pub guesses: u64,
    pub hits: u64,
}

impl Score {
    pub fn rate(&self) -> f64 {
        self.hits as f64 / self.guesses.max(1) as f64
    }

    pub fn chance(&self) -> f64 {
        1.0 / self.k as f64
    }

    /// The chance of as many hits or more if each guess is right with a chance of 1/k: the exact binomial tail.
    pub fn p(&self) -> f64 {
        let (n, chance) = (self.guesses, self.chance());
        let mut logarithms = vec![0.0_f64];
        for i in 1..=n {
            logarithms.push(logarithms.last().unwrap() + (i as f64).ln());
        }
        let at = |i: u64| logarithms[usize::try_from(i).unwrap_or(0)];
        let term = |hits: u64| {
            (at(n) - at(hits) - at(n - hits) + hits as f64 * chance.ln() + (n - hits) as f64 * (1.0 - chance).ln())
                .exp()
        };
        (self.hits..=n).map(term).sum::<f64>().min(1.0)
    }

    /// Whether it is better than chance beyond doubt.
    pub fn tells(&self) -> bool {
        self.p() < P_LEAST
    }
}

/// Below this a guesser is better than chance.
pub const P_LEAST: f64 = 0.001;

/// A guesser's way through reports.
pub fn guess(examples: &[Example], k: usize) -> (Score, Guesser) {
    let mut guesser = Guesser::new(k);
    let hits = examples.iter().filter(|example| guesser.meet(example)).count() as u64;
    (Score { k, guesses: examples.len() as u64, hits }, guesser)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// Reports of which `percent` of a hundred carry their firm in one of 300 fields; the others hold constants, ids that never
    /// come again, and values out of a few or of many.
    fn reports(count: usize, percent: usize, seed: u64) -> Vec<Example> {
        let mut random = Random(seed);
        let mut made = Vec::new();
        for _ in 0..count {
            let truth = random.below(K_MAX);
            let mut seen: Vec<Feature> = (0..300)
                .map(|field| {
                    let value = match field % 5 {
                        0 => 0,
                        1 => random.next() as u32,
                        2 => random.below(3) as u32,
                        3 => random.below(100) as u32,
                        _ => random.below(5_000) as u32,
                    };
                    (field, value)
                })
                .collect();
            let shown = if random.percent(percent) { truth } else { random.below(K_MAX) };
            seen.push((300, shown as u32));
            made.push(Example { seen, truth });
        }
        made
    }

    #[test]
    fn a_field_that_tells_in_one_report_of_five_is_found_among_three_hundred_that_do_not() {
        let (score, guesser) = guess(&reports(3_000, 20, 1), K_MAX);
        // At best 0.2 + 0.8/12.
        assert!(score.rate() > 0.2 && score.p() < 1e-9, "{score:?}");
        assert_eq!(guesser.tellers(1)[0].0, 300);
        let (score, _) = guess(&reports(20_000, 4, 2), K_MAX);
        assert!(score.tells(), "one in twenty-five, over many reports: {score:?}");
        let (score, _) = guess(&reports(3_000, 100, 3), K_MAX);
        assert!(score.rate() > 0.95, "{score:?}");
    }

    #[test]
    fn what_tells_nothing_is_guessed_at_chance_and_no_better() {
        let scores: Vec<Score> = (0..20).map(|seed| guess(&reports(2_000, 0, 100 + seed), K_MAX).0).collect();
        let p: Vec<f64> = scores.iter().map(Score::p).collect();
        println!("p on noise: {p:.2?}");
        assert!(p.iter().all(|p| *p >= P_LEAST), "{p:?}");
        // Of twenty, one is below 0.05 on average, and ten below a half.
        assert!(p.iter().filter(|p| **p < 0.05).count() <= 4, "{p:?}");
        assert!((3..=17).contains(&p.iter().filter(|p| **p < 0.5).count()), "{p:?}");
    }

    #[test]
    fn the_tail_is_that_of_the_binomial_distribution() {
        let p = |hits, guesses| Score { k: 2, guesses, hits }.p();
        assert!((p(0, 10) - 1.0).abs() < 1e-9);
        assert!((p(10, 10) - 1.0 / 1024.0).abs() < 1e-9);
        assert!((p(9, 10) - 11.0 / 1024.0).abs() < 1e-9);
        // 1,783 of 20,000 at 1/12: 2.9 standard deviations, one in five hundred.
        let p = Score { k: 12, guesses: 20_000, hits: 1_783 }.p();
        assert!((0.001..0.004).contains(&p), "{p}");
    }
}
