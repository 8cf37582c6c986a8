package org.elasticsearch.dissect;

/** Stands for a class of a module that is not published; a query that needed it would fail. */
public class DissectParser {}
