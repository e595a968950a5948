//! Levenshtein's distance with the edits that make it.

/// A step of an edit script: the places of an item in one sequence and in the other; `None` where it has none.
pub(crate) type EditStep = (Option<usize>, Option<usize>);

/// What an edit costs.
const EDIT: u64 = 1 << 32;
/// Of scripts with as few edits, the one that replaces least leaves most alike: a key that moved is shown as such.
const REPLACEMENT: u64 = EDIT + 1;

/// The table of costs between the beginnings of two sequences, kept for its memory.
#[derive(Debug, Default)]
pub(crate) struct Edits {
    cells: Vec<u64>,
}

impl Edits {
    /// Items to add, remove or replace to make one sequence the other.
    pub(crate) fn count(&mut self, left: &[u32], right: &[u32]) -> usize {
        let width = right.len() + 1;
        self.cells.clear();
        self.cells.resize(width * (left.len() + 1), 0);
        for column in 0..width {
            self.cells[column] = column as u64 * EDIT;
        }
        for (row, item) in left.iter().enumerate() {
            let above = row * width;
            let here = above + width;
            self.cells[here] = (row as u64 + 1) * EDIT;
            for (column, other) in right.iter().enumerate() {
                let diagonal = self.cells[above + column] + replacement(item, other);
                let gap = self.cells[above + column + 1].min(self.cells[here + column]) + EDIT;
                self.cells[here + column + 1] = diagonal.min(gap);
            }
        }
        self.cells.last().map_or(0, |&cost| (cost / EDIT) as usize)
    }

    /// The fewest edits, in order; where several ways are as short, one that leaves most alike.
    pub(crate) fn steps(&mut self, left: &[u32], right: &[u32]) -> Vec<EditStep> {
        self.count(left, right);
        let width = right.len() + 1;
        let (mut row, mut column) = (left.len(), right.len());
        let mut steps = Vec::with_capacity(row.max(column));
        while row > 0 || column > 0 {
            let here = self.cells[row * width + column];
            let step = if row > 0 && column > 0 {
                let replacement = replacement(&left[row - 1], &right[column - 1]);
                let diagonal = self.cells[(row - 1) * width + column - 1] + replacement == here;
                let up = self.cells[(row - 1) * width + column] + EDIT == here;
                (diagonal || up, diagonal || !up)
            } else {
                (row > 0, column > 0)
            };
            row -= usize::from(step.0);
            column -= usize::from(step.1);
            steps.push((step.0.then_some(row), step.1.then_some(column)));
        }
        steps.reverse();
        steps
    }
}

fn replacement(item: &u32, other: &u32) -> u64 {
    if item == other { 0 } else { REPLACEMENT }
}

/// What is left of two sequences without their common beginning and end, and the length of that beginning. It takes as
/// many edits to make one the other.
pub(crate) fn without_common_ends<'s>(left: &'s [u32], right: &'s [u32]) -> (&'s [u32], &'s [u32], usize) {
    let start = left.iter().zip(right).take_while(|(l, r)| l == r).count();
    let (left, right) = (&left[start..], &right[start..]);
    let end = left.iter().rev().zip(right.iter().rev()).take_while(|(l, r)| l == r);
    let end = end.count();
    (&left[..left.len() - end], &right[..right.len() - end], start)
}

/// A lower bound of the edits between two sequences, from their sorted items: those of the longer one that the other lacks.
pub(crate) fn fewest(left: &[u32], right: &[u32]) -> usize {
    let (mut l, mut r, mut common) = (0, 0, 0);
    while l < left.len() && r < right.len() {
        let (one, other) = (left[l], right[r]);
        common += usize::from(one == other);
        l += usize::from(one <= other);
        r += usize::from(other <= one);
    }
    left.len().max(right.len()) - common
}
