//! Rows of numbers: what count vectors and the features of lines have in common.

/// Rows of equally many columns, each with the number of times it occurs.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    columns: usize,
    /// One row behind the other.
    values: Vec<f64>,
    times: Vec<u64>,
}

impl Rows {
    /// No rows yet, of so many columns.
    #[must_use]
    pub fn new(columns: usize) -> Self {
        Self {
            columns,
            values: Vec::new(),
            times: Vec::new(),
        }
    }

    /// Adds a row that occurs `times` times. Columns that it lacks are 0, and so is what is not a finite number.
    pub fn push(&mut self, row: &[f64], times: u64) {
        let whole = row.iter().copied().chain(std::iter::repeat(0.0)).take(self.columns);
        self.values
            .extend(whole.map(|value| if value.is_finite() { value } else { 0.0 }));
        self.times.push(times);
    }

    /// Rows, whatever their numbers of occurrences.
    #[must_use]
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Columns of each row.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The row at an index.
    #[must_use]
    pub fn row(&self, index: usize) -> &[f64] {
        &self.values[index * self.columns..(index + 1) * self.columns]
    }

    /// How often the row at an index occurs.
    #[must_use]
    pub fn times(&self, index: usize) -> u64 {
        self.times[index]
    }

    /// Occurrences of all rows.
    #[must_use]
    pub fn occurrences(&self) -> u64 {
        self.times.iter().sum()
    }

    /// The occurrences up to and with each row: drawing a number below the last draws a row by its occurrences.
    pub(crate) fn ends(&self) -> Vec<u64> {
        let sums = self.times.iter().scan(0, |sum, times| {
            *sum += times;
            Some(*sum)
        });
        sums.collect()
    }
}
