mod lead;
