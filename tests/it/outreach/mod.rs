mod dnc;
