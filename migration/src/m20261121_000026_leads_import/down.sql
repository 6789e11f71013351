drop table lead_import_rows;

drop table lead_imports;
