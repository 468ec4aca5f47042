//! Welch's t between the times of two classes, of all samples and of those below percentiles of both together: a difference
//! often shows in the quick ones, where the long tail of a busy machine does not drown it (Reparaz, Balasch and Verbauwhede,
//! "Dude, is my code constant time?", DATE 2017).

/// Percentiles of both classes together below which samples are compared besides.
pub const CROPS: [usize; 4] = [50, 90, 95, 99];

/// Nanoseconds of each class.
pub struct Samples {
    pub times: [Vec<f64>; 2],
}

/// What a comparison comes to.
pub struct Figures {
    /// Of all samples, then below each of [`CROPS`].
    pub t: [f64; CROPS.len() + 1],
    /// Nanoseconds, of each class.
    pub medians: [f64; 2],
    /// Nanoseconds, of each class.
    pub means: [f64; 2],
}

fn mean(times: impl Iterator<Item = f64> + Clone) -> (f64, f64, f64) {
    let count = times.clone().count() as f64;
    let mean = times.clone().sum::<f64>() / count;
    let squares: f64 = times.map(|time| (time - mean).powi(2)).sum();
    (count, mean, squares / (count - 1.0))
}

/// Welch's t of two sets of samples (B. L. Welch, "The generalization of Student's problem", Biometrika 34, 1947); zero where
/// nothing varies.
fn t(one: impl Iterator<Item = f64> + Clone, two: impl Iterator<Item = f64> + Clone) -> f64 {
    let ((n, mean_one, var_one), (m, mean_two, var_two)) = (mean(one), mean(two));
    let error = (var_one / n + var_two / m).sqrt();
    if error > 0.0 { (mean_one - mean_two) / error } else { 0.0 }
}

impl Samples {
    pub fn figures(&self) -> Figures {
        let [one, two] = &self.times;
        let mut both: Vec<f64> = one.iter().chain(two).copied().collect();
        both.sort_by(f64::total_cmp);
        let below = |limit: f64| {
            t(
                one.iter().copied().filter(move |time| *time <= limit),
                two.iter().copied().filter(move |time| *time <= limit),
            )
        };
        let mut all = [below(f64::INFINITY); CROPS.len() + 1];
        for (t, crop) in all.iter_mut().skip(1).zip(CROPS) {
            *t = below(both.get(both.len() * crop / 100).copied().unwrap_or(f64::INFINITY));
        }
        let middle = |times: &[f64]| {
            let mut times = times.to_vec();
            times.sort_by(f64::total_cmp);
            times.get(times.len() / 2).copied().unwrap_or(0.0)
        };
        Figures {
            t: all,
            medians: [middle(one), middle(two)],
            means: [mean(one.iter().copied()).1, mean(two.iter().copied()).1],
        }
    }
}
