mod customer;
