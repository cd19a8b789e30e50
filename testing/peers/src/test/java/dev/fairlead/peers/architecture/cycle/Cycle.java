package dev.fairlead.peers.architecture.cycle;

/** The API package of two packages that use each other. */
public interface Cycle {}
