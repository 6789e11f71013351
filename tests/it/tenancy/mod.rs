mod tenant;
mod user;
