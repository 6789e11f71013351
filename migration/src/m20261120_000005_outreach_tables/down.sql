drop table dnc_list;

drop table dnc_checks;
