mod lead;
mod lead_import;
