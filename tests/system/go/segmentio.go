package main

var segmentioBehaviours = map[string]func(Run) Facts{}
