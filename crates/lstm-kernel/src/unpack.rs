//! Gradients from the order in which the loops make them to the order of the weights.

use std::ops::Range;

use crate::packed::Sizes;
use crate::tile::padded;

/// Where the parts of a packed gradient lie.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// `[codes, gates]`.
    pub(crate) table: Range<usize>,
    pub(crate) layers: Vec<LayerPlaces>,
    /// `[groups, padded h, wide]`.
    pub(crate) output: Range<usize>,
    /// `[padded symbols]`.
    pub(crate) output_bias: Range<usize>,
    pub(crate) end: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct LayerPlaces {
    /// `[blocks, padded h, wide]`; empty for the first layer.
    pub(crate) below: Range<usize>,
    /// `[blocks, padded h, wide]`.
    pub(crate) recurrent: Range<usize>,
    /// `[gates]`; empty for the first layer, whose bias is in the table.
    pub(crate) bias: Range<usize>,
}

impl Places {
    pub(crate) fn new(sizes: &Sizes, codes: usize) -> Self {
        let mut end = 0;
        let mut take = |numbers: usize| {
            end += numbers;
            end - numbers..end
        };
        let matrix = sizes.gates() * padded(sizes.shape.hidden);
        let table = take(codes * sizes.gates());
        let layers = (0..sizes.shape.layers).map(|layer| LayerPlaces {
            below: take(if layer == 0 { 0 } else { matrix }),
            recurrent: take(matrix),
            bias: take(if layer == 0 { 0 } else { sizes.gates() }),
        });
        let layers = layers.collect();
        let output = take(sizes.logits() * padded(sizes.shape.hidden));
        let output_bias = take(sizes.logits());
        Self {
            table,
            layers,
            output,
            output_bias,
            end,
        }
    }
}

/// A gradient laid out as the weights are. `codes` are those of the table's rows.
pub(crate) fn unpack(sizes: &Sizes, places: &Places, weights: &[f32], codes: &[u32], packed: &[f32]) -> Vec<f32> {
    let shape = &sizes.shape;
    let (h, wide) = (shape.hidden, sizes.wide);
    let mut gradient = vec![0.0; weights.len()];
    table(sizes, weights, codes, &packed[places.table.clone()], &mut gradient);
    for (layer, part) in places.layers.iter().enumerate() {
        let to = shape.layer(layer);
        for (from, to) in [(&part.below, &to.input), (&part.recurrent, &to.recurrent)] {
            if from.is_empty() {
                continue;
            }
            let (from, to) = (&packed[from.clone()], &mut gradient[to.clone()]);
            for (block, rows) in from.chunks(padded(h) * wide).enumerate() {
                let (first, units) = (block * sizes.lanes, sizes.lanes.min(h - block * sizes.lanes));
                for (row, numbers) in rows.chunks(wide).take(h).enumerate() {
                    for (gate, numbers) in numbers.chunks(sizes.lanes).enumerate() {
                        let at = (gate * h + row) * h + first;
                        to[at..at + units].copy_from_slice(&numbers[..units]);
                    }
                }
            }
        }
        if layer > 0 {
            let (from, to) = (&packed[part.bias.clone()], &mut gradient[to.bias]);
            sizes.each_gate(|packed, flat| to[flat] = from[packed]);
        }
    }
    let (from, to) = (&packed[places.output.clone()], &mut gradient[shape.output_weights()]);
    for (group, rows) in from.chunks(padded(h) * wide).enumerate() {
        let first = group * wide;
        let width = wide.min(shape.symbols - first);
        for (row, numbers) in rows.chunks(wide).take(h).enumerate() {
            let at = row * shape.symbols + first;
            to[at..at + width].copy_from_slice(&numbers[..width]);
        }
    }
    gradient[shape.output_bias()].copy_from_slice(&packed[places.output_bias.clone()][..shape.symbols]);
    gradient
}

/// From the table to what it was made of: the first layer's bias, input weights and embedding.
fn table(sizes: &Sizes, weights: &[f32], codes: &[u32], packed: &[f32], gradient: &mut [f32]) {
    let shape = &sizes.shape;
    let (h, width) = (shape.hidden, shape.width());
    let places = shape.layer(0);
    let mut row = vec![0.0; 4 * h];
    for (&code, packed) in codes.iter().zip(packed.chunks(sizes.gates())) {
        sizes.each_gate(|from, to| row[to] = packed[from]);
        let bias = &mut gradient[places.bias.clone()];
        bias.iter_mut().zip(&row).for_each(|(sum, part)| *sum += part);
        let code = code as usize;
        if code == shape.symbols {
            continue;
        }
        for (gate, row) in row.chunks(h).enumerate() {
            let input = |at: usize| places.input.start + (gate * width + at) * h;
            if shape.embedding.is_none() {
                gradient[input(code)..][..h].copy_from_slice(row);
                continue;
            }
            for at in 0..width {
                let factor = weights[code * width + at];
                let to = &mut gradient[input(at)..][..h];
                to.iter_mut().zip(row).for_each(|(sum, part)| *sum += factor * part);
                let own = &weights[input(at)..][..h];
                gradient[code * width + at] += own.iter().zip(row).map(|(weight, part)| weight * part).sum::<f32>();
            }
        }
    }
}
