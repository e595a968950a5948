mod learning;
mod templates;
mod tokens;
mod values;
