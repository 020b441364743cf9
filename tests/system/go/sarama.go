package main

var saramaBehaviours = map[string]func(Run) Facts{}
