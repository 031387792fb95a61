//! Workers that crash, hang, refuse and come back.
