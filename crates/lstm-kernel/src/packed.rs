//! Weights in the order in which the loops read them.
//!
//! A vector holds the same gate of `LANES` neighbouring units, and four vectors, one a gate, make a *cell block*: all
//! that those units need in a step. Hidden units are padded with zero weights to whole vectors; a padded unit is always 0.
//! What adds up to a gate is scaled by what its activation wants ([`GATE_SCALES`]).
//! Where a matrix has no gates (output layer, gradients), four vectors of neighbouring columns take the place of a cell block.

use crate::math::{SIGMOID_SCALE, TANH_SCALE};
use crate::shape::Shape;

/// Factors of the sums of the input, forget, cell and output gate.
const GATE_SCALES: [f32; 4] = [SIGMOID_SCALE, SIGMOID_SCALE, TANH_SCALE, SIGMOID_SCALE];

/// Sizes that follow from a shape and the lanes of a level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) shape: Shape,
    pub(crate) lanes: usize,
    /// Cell blocks of a layer.
    pub(crate) blocks: usize,
    /// Hidden units with padding.
    pub(crate) hidden: usize,
    /// Numbers of a cell block: four vectors.
    pub(crate) wide: usize,
}

impl Sizes {
    pub(crate) fn new(shape: Shape, lanes: usize) -> Self {
        let blocks = shape.hidden.div_ceil(lanes);
        Self {
            shape,
            lanes,
            blocks,
            hidden: blocks * lanes,
            wide: 4 * lanes,
        }
    }

    /// All gates of a layer: `[blocks, 4, lanes]`.
    pub(crate) fn gates(&self) -> usize {
        self.blocks * self.wide
    }

    /// Groups of four vectors over so many columns.
    pub(crate) fn groups(&self, columns: usize) -> usize {
        columns.div_ceil(self.wide)
    }

    /// Columns with padding.
    pub(crate) fn columns(&self, columns: usize) -> usize {
        self.groups(columns) * self.wide
    }

    /// Logits of a window with padding.
    pub(crate) fn logits(&self) -> usize {
        self.columns(self.shape.symbols)
    }

    /// Rows of a layer's matrix: outputs of the layer below, then its own previous ones.
    pub(crate) fn inputs(&self, layer: usize) -> usize {
        if layer == 0 {
            self.shape.hidden
        } else {
            2 * self.shape.hidden
        }
    }

    /// Calls `each(place in a cell block row, place in a [4, h] row)` for every gate of every unit.
    #[inline(always)]
    pub(crate) fn each_gate(&self, mut each: impl FnMut(usize, usize)) {
        for gate in 0..4 {
            for unit in 0..self.shape.hidden {
                let (block, lane) = (unit / self.lanes, unit % self.lanes);
                each(
                    block * self.wide + gate * self.lanes + lane,
                    gate * self.shape.hidden + unit,
                );
            }
        }
    }
}

/// What a forward pass reads.
#[derive(Clone, Debug)]
pub(crate) struct Forward {
    pub(crate) sizes: Sizes,
    /// `[rows, gates]`: what the first layer's gates begin with, by row of the table: its bias and its input's share.
    pub(crate) table: Vec<f32>,
    pub(crate) layers: Vec<PackedLayer>,
    /// `[groups, h, wide]`.
    pub(crate) output: Vec<f32>,
    /// `[groups, wide]`, padded with the smallest number.
    pub(crate) output_bias: Vec<f32>,
}

#[derive(Clone, Debug)]
pub(crate) struct PackedLayer {
    /// `[blocks, inputs, wide]`.
    pub(crate) matrix: Vec<f32>,
    /// `[gates]`; of no use to the first layer, whose table holds it.
    pub(crate) bias: Vec<f32>,
}

/// What a backward pass reads besides.
pub(crate) struct Backward {
    /// For each layer `[groups over its inputs, gates, wide]`: the transposed matrix. Columns are the outputs of the layer below,
    /// padded to whole groups, then the own previous ones.
    pub(crate) layers: Vec<Vec<f32>>,
    /// `[groups over h, padded symbols, wide]`.
    pub(crate) output: Vec<f32>,
}

impl Forward {
    /// `codes`: the input codes that get a row in the table, in this order.
    pub(crate) fn new(sizes: Sizes, weights: &[f32], codes: &[u32]) -> Self {
        let shape = sizes.shape;
        let layers = (0..shape.layers)
            .map(|layer| packed_layer(&sizes, weights, layer))
            .collect();
        let (matrix, bias) = (&weights[shape.output_weights()], &weights[shape.output_bias()]);
        let columns = sizes.logits();
        let mut output = vec![0.0; shape.hidden * columns];
        for (group, packed) in output.chunks_mut(shape.hidden * sizes.wide).enumerate() {
            let from = group * sizes.wide;
            let width = sizes.wide.min(shape.symbols - from);
            for (row, packed) in matrix.chunks(shape.symbols).zip(packed.chunks_mut(sizes.wide)) {
                packed[..width].copy_from_slice(&row[from..from + width]);
            }
        }
        let mut output_bias = vec![f32::MIN; columns];
        output_bias[..shape.symbols].copy_from_slice(bias);
        Self {
            table: table(&sizes, weights, codes),
            sizes,
            layers,
            output,
            output_bias,
        }
    }
}

fn packed_layer(sizes: &Sizes, weights: &[f32], layer: usize) -> PackedLayer {
    let (shape, h) = (&sizes.shape, sizes.shape.hidden);
    let places = shape.layer(layer);
    let inputs = sizes.inputs(layer);
    let mut matrix = vec![0.0; sizes.blocks * inputs * sizes.wide];
    let below = if layer == 0 { 0 } else { h };
    for (part, first) in [(&places.input, 0), (&places.recurrent, below)] {
        if layer == 0 && part.start == places.input.start {
            continue; // it is in the table
        }
        for gate in 0..4 {
            for row in 0..h {
                let from = part.start + (gate * h + row) * h;
                for (block, units) in weights[from..from + h].chunks(sizes.lanes).enumerate() {
                    let to = (block * inputs + first + row) * sizes.wide + gate * sizes.lanes;
                    scale(&mut matrix[to..], units, gate);
                }
            }
        }
    }
    let mut bias = vec![0.0; sizes.gates()];
    let own = &weights[places.bias];
    sizes.each_gate(|to, from| bias[to] = own[from] * GATE_SCALES[from / h]);
    PackedLayer { matrix, bias }
}

fn table(sizes: &Sizes, weights: &[f32], codes: &[u32]) -> Vec<f32> {
    let shape = &sizes.shape;
    let (h, width, symbols) = (shape.hidden, shape.width(), shape.symbols);
    let places = shape.layer(0);
    let (input, bias) = (&weights[places.input], &weights[places.bias]);
    let embedding = &weights[shape.embedding_weights()];
    let mut row = vec![0.0; 4 * h];
    let mut table = vec![0.0; codes.len() * sizes.gates()];
    for (&code, packed) in codes.iter().zip(table.chunks_mut(sizes.gates())) {
        let code = code as usize;
        row.copy_from_slice(bias);
        for (gate, sums) in row.chunks_mut(h).enumerate() {
            let mut add = |at: usize, factor: f32| {
                let from = (gate * width + at) * h;
                let weights = &input[from..from + h];
                sums.iter_mut()
                    .zip(weights)
                    .for_each(|(sum, weight)| *sum += factor * weight);
            };
            match shape.embedding {
                _ if code == symbols => {}
                None => add(code, 1.0),
                Some(width) => {
                    let vector = &embedding[code * width..(code + 1) * width];
                    vector.iter().enumerate().for_each(|(at, &factor)| add(at, factor));
                }
            }
        }
        for (gate, sums) in row.chunks(h).enumerate() {
            for (block, units) in sums.chunks(sizes.lanes).enumerate() {
                let to = block * sizes.wide + gate * sizes.lanes;
                scale(&mut packed[to..], units, gate);
            }
        }
    }
    table
}

fn scale(to: &mut [f32], units: &[f32], gate: usize) {
    to.iter_mut()
        .zip(units)
        .for_each(|(to, unit)| *to = unit * GATE_SCALES[gate]);
}

impl Backward {
    pub(crate) fn new(sizes: Sizes, weights: &[f32]) -> Self {
        let shape = &sizes.shape;
        let (h, wide) = (shape.hidden, sizes.wide);
        let layers = (0..shape.layers).map(|layer| {
            let places = shape.layer(layer);
            let half = sizes.columns(h);
            let parts = if layer == 0 {
                vec![places.recurrent]
            } else {
                vec![places.input, places.recurrent]
            };
            let mut matrix = vec![0.0; parts.len() * half * sizes.gates()];
            for (part, columns) in parts.into_iter().zip(matrix.chunks_mut(half * sizes.gates())) {
                let weights = &weights[part];
                for gate in 0..4 {
                    for input in 0..h {
                        let (group, column) = (input / wide, input % wide);
                        let own = &weights[(gate * h + input) * h..][..h];
                        for (unit, &weight) in own.iter().enumerate() {
                            let (block, lane) = (unit / sizes.lanes, unit % sizes.lanes);
                            let row = block * wide + gate * sizes.lanes + lane;
                            columns[(group * sizes.gates() + row) * wide + column] = weight;
                        }
                    }
                }
            }
            matrix
        });
        let symbols = sizes.logits();
        let mut output = vec![0.0; sizes.columns(h) * symbols];
        for (unit, row) in weights[shape.output_weights()].chunks(shape.symbols).enumerate() {
            let (group, column) = (unit / wide, unit % wide);
            for (symbol, &weight) in row.iter().enumerate() {
                output[(group * symbols + symbol) * wide + column] = weight;
            }
        }
        Self {
            layers: layers.collect(),
            output,
        }
    }
}
